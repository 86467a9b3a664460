package main

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"io/fs"
	"os"
	"strings"

	"github.com/containernetworking/cni/pkg/types"
	cniversion "github.com/containernetworking/cni/pkg/version"
	"golang.org/x/sys/unix"

	"github.com/etcfiles/etcfiles/pkg/etcfiles"
	"github.com/etcfiles/etcfiles/pkg/netconf"
	"github.com/etcfiles/etcfiles/pkg/request"
)

// Error codes beyond those of the specification.
const (
	// codeUnavailable is the specification's answer to STATUS when the plugin cannot serve an ADD.
	codeUnavailable = 50
	// codeLimited is the same where running containers suffer too.
	codeLimited = 51
	// codeDifferent says that CHECK found a difference.
	codeDifferent = 100
	// codeNewer says that a newer etcfiles has written the store.
	codeNewer = 101
)

// cniError turns any error into a CNI error with its code. It is the one place where codes are chosen.
func cniError(err error) *types.Error {
	var known *types.Error
	if errors.As(err, &known) {
		return types.NewError(known.Code, ours(known.Msg), known.Details)
	}
	var unknown *netconf.UnknownKeyError
	if errors.As(err, &unknown) {
		return types.NewError(types.ErrUnsupportedField, ours(unknown.Message()), unknown.Advice())
	}
	code := types.ErrInternal
	var pathError *fs.PathError
	var linkError *os.LinkError
	var errno unix.Errno
	switch {
	case errors.Is(err, etcfiles.ErrLimited):
		code = codeLimited
	case errors.Is(err, etcfiles.ErrUnavailable): // whatever is the reason
		code = codeUnavailable
	case errors.Is(err, netconf.ErrDecoding):
		code = types.ErrDecodingFailure
	case errors.Is(err, request.ErrInvalid):
		code = types.ErrInvalidNetworkConfig
	case errors.Is(err, etcfiles.ErrLocked), errors.Is(err, context.Canceled):
		code = types.ErrTryAgainLater
	case errors.Is(err, etcfiles.ErrNewer):
		code = codeNewer
	case errors.Is(err, etcfiles.ErrDifferent):
		code = codeDifferent
	case errors.As(err, &pathError), errors.As(err, &linkError), errors.As(err, &errno):
		code = types.ErrIOFailure
	}
	// Of several errors the first one is the message.
	msg, rest, _ := strings.Cut(err.Error(), "\n")
	return types.NewError(code, ours(bounded(msg, maxError)), bounded(strings.ReplaceAll(rest, "\n", "; "), maxError))
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

// ours says whose message it is.
func ours(msg string) string { return "etcfiles: " + strings.TrimPrefix(msg, "etcfiles: ") }

// printError prints the error result of the specification, which types.Error lacks the version for; "" is the newest.
func printError(w io.Writer, version string, e *types.Error) error {
	if version == "" {
		version = cniversion.Current()
	}
	text, err := json.MarshalIndent(struct {
		CNIVersion string `json:"cniVersion"`
		*types.Error
	}{version, e}, "", "    ")
	if err != nil {
		return err
	}
	_, err = w.Write(append(text, '\n'))
	return err
}
