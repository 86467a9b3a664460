package main

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"strings"

	"github.com/containernetworking/cni/pkg/types"
	"golang.org/x/sys/unix"

	"github.com/etcfiles/etcfiles/pkg/etcfiles"
	"github.com/etcfiles/etcfiles/pkg/netconf"
)

// Error codes beyond those of the specification.
const (
	// codeUnavailable is the specification's answer to STATUS when the plugin cannot serve an ADD.
	codeUnavailable = 50
	// codeDifferent says that CHECK found a difference.
	codeDifferent = 100
	// codeNewer says that a newer etcfiles has written the store.
	codeNewer = 101
)

// cniError turns any error into a CNI error with its code. It is the one place where codes are chosen.
func cniError(err error) *types.Error {
	var known *types.Error
	if errors.As(err, &known) {
		return known
	}
	code := types.ErrInternal
	var pathError *fs.PathError
	var linkError *os.LinkError
	var errno unix.Errno
	switch {
	case errors.Is(err, netconf.ErrDecoding):
		code = types.ErrDecodingFailure
	case errors.Is(err, etcfiles.ErrInvalid):
		code = types.ErrInvalidNetworkConfig
	case errors.Is(err, etcfiles.ErrUnavailable):
		code = codeUnavailable
	case errors.Is(err, etcfiles.ErrLocked), errors.Is(err, context.Canceled):
		code = types.ErrTryAgainLater
	case errors.Is(err, etcfiles.ErrNewer):
		code = codeNewer
	case errors.Is(err, etcfiles.ErrDifferent):
		code = codeDifferent
	case errors.As(err, &pathError), errors.As(err, &linkError), errors.As(err, &errno):
		code = types.ErrIOFailure
	}
	return types.NewError(code, "etcfiles: "+bounded(err.Error(), maxError), "")
}

// maxError is how many bytes of an error are written: names in it may be as long as stdin.
const maxError = 4096

// bounded cuts a text.
func bounded(text string, most int) string {
	if len(text) > most {
		text = strings.ToValidUTF8(text[:most], "") + "…"
	}
	return text
}
