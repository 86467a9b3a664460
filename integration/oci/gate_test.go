package oci

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/rogpeppe/go-internal/testscript"
	"golang.org/x/sys/unix"

	"github.com/etcfiles/etcfiles/integration/internal/worlds"
)

func (w *world) probeFile(kind, command, network string) string {
	return filepath.Join(w.probeDir(), strings.Join([]string{kind, command, network}, "-"))
}

func (w *world) cmdFail(_ *testscript.TestScript, args []string) error {
	return os.WriteFile(w.probeFile("fail", args[0], args[1]), []byte(strings.Join(args[2:], " ")), 0o644)
}

func (w *world) cmdMend(_ *testscript.TestScript, args []string) error {
	return os.Remove(w.probeFile("fail", args[0], args[1]))
}

func (w *world) cmdGate(_ *testscript.TestScript, args []string) error {
	return unix.Mkfifo(w.probeFile("gate", args[0], args[1]), 0o600)
}

// cmdAtGate waits until the plugin has opened the gate's FIFO for reading: its log says that it came, and in no other
// place can it wait.
func (w *world) cmdAtGate(_ *testscript.TestScript, args []string) error {
	return worlds.Poll(fmt.Sprintf("%v: nobody is at the gate", args), func() bool {
		log, err := w.probeLog()
		return err == nil && strings.Contains(log, args[0]+" "+args[1]+" ")
	})
}

// cmdOpen takes the gate away and lets whoever waits at it go, or is about to: the FIFO stays open on our side.
func (w *world) cmdOpen(_ *testscript.TestScript, args []string) error {
	path := w.probeFile("gate", args[0], args[1])
	f, err := os.OpenFile(path, os.O_RDWR, 0) // does not wait for a reader
	if err != nil {
		return err
	}
	w.gates = append(w.gates, f)
	return errors.Join(os.Remove(path), pass(f))
}

// pass gives each of those who wait a byte to read.
func pass(gate *os.File) error {
	_, err := gate.Write(make([]byte, 100))
	return err
}

func (w *world) cmdLog(ts *testscript.TestScript, _ []string) error {
	log, err := w.probeLog()
	if err != nil {
		return err
	}
	fmt.Fprint(ts.Stdout(), log)
	return os.RemoveAll(filepath.Join(w.probeDir(), "log"))
}
