package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"testing"

	"github.com/containernetworking/cni/pkg/types"
	"golang.org/x/sys/unix"

	"github.com/etcfiles/etcfiles/pkg/etcfiles"
	"github.com/etcfiles/etcfiles/pkg/hostsstore"
	"github.com/etcfiles/etcfiles/pkg/netconf"
	"github.com/etcfiles/etcfiles/pkg/request"
)

// TestErrorCodes: one place turns errors into CNI errors.
func TestErrorCodes(t *testing.T) {
	for _, c := range []struct {
		err  error
		want uint
	}{
		{fmt.Errorf("x: %w", request.ErrInvalid), types.ErrInvalidNetworkConfig},
		{fmt.Errorf("x: %w", hostsstore.ErrLocked), types.ErrTryAgainLater},
		{fmt.Errorf("x: %w", etcfiles.ErrDifferent), codeDifferent},
		{fmt.Errorf("x: %w", etcfiles.ErrUnavailable), codeUnavailable},
		{fmt.Errorf("x: %w", etcfiles.ErrNewer), codeNewer},
		{fmt.Errorf("%w: %w", etcfiles.ErrUnavailable, etcfiles.ErrNewer), codeUnavailable},
		{fmt.Errorf("%w: %w", etcfiles.ErrUnavailable, etcfiles.ErrLocked), codeUnavailable},
		{fmt.Errorf("x: %w", &fs.PathError{Op: "open", Path: "/x", Err: unix.EIO}), types.ErrIOFailure},
		{fmt.Errorf("x: %w", unix.ENOSPC), types.ErrIOFailure},
		{fmt.Errorf("x: %w", context.Canceled), types.ErrTryAgainLater},
		{fmt.Errorf("x: %w", netconf.ErrDecoding), types.ErrDecodingFailure},
		{fmt.Errorf("x: %w", types.NewError(types.ErrDecodingFailure, "", "")), types.ErrDecodingFailure},
		{errors.New("x"), types.ErrInternal},
	} {
		if got := cniError(c.err).Code; got != c.want {
			t.Errorf("%v: code %d, want %d", c.err, got, c.want)
		}
	}
}
