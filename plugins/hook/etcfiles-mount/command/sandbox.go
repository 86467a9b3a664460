package command

import (
	"fmt"

	"github.com/etcfiles/etcfiles/pkg/ocistate"
)

const flagSandbox = "sandbox-annotation"

// sandboxAnnotation is the flag of that name.
type sandboxAnnotation string

func (a *sandboxAnnotation) String() string { return string(*a) }

// Set implements pflag.Value.
func (a *sandboxAnnotation) Set(s string) error {
	switch s {
	case ocistate.CRISandboxAnnotation, ocistate.CRIOSandboxAnnotation, ocistate.NoSandboxAnnotation:
		*a = sandboxAnnotation(s)
		return nil
	}
	return fmt.Errorf("want %s (CRI), %s (CRI-O) or %s", ocistate.CRISandboxAnnotation, ocistate.CRIOSandboxAnnotation, ocistate.NoSandboxAnnotation)
}

// Type names the operand in --help.
func (a *sandboxAnnotation) Type() string { return "annotation" }
