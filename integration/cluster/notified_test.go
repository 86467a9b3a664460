package cluster

import (
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"testing"
)

// notified is a program that starts another, as systemd does for Type=notify, and ends when that says that it has started, or has ended. Its first argument is
// a path for the socket, the second the file for what the other says.
func notified() error {
	socket, err := net.ListenUnixgram("unixgram", &net.UnixAddr{Name: os.Args[1], Net: "unixgram"})
	if err != nil {
		return err
	}
	defer os.Remove(os.Args[1])
	log, err := os.OpenFile(os.Args[2], os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o644)
	if err != nil {
		return err
	}
	cmd := exec.Command(os.Args[3], os.Args[4:]...)
	cmd.Env = append(os.Environ(), "NOTIFY_SOCKET="+os.Args[1])
	cmd.Stdout, cmd.Stderr, cmd.SysProcAttr = log, log, &syscall.SysProcAttr{Setsid: true}
	if err := cmd.Start(); err != nil {
		return err
	}
	go func() {
		err := cmd.Wait()
		_ = socket.Close()
		fmt.Fprintln(log, err)
	}()
	message := make([]byte, 4096)
	for {
		n, err := socket.Read(message)
		if err != nil {
			return errors.New("it has ended before it was ready")
		}
		if strings.Contains(string(message[:n]), "READY=1") {
			return nil
		}
	}
}

// TestStart: for systemd the service has started when status has something to say: that all is well, or what is wrong where etcd is away. It does not wait for
// etcd.
func TestStart(t *testing.T) {
	t.Parallel()
	w := newWorld(t, 1, 2)
	h1, h2 := w.hosts[0], w.hosts[1]
	h1.add("web", 2)
	start := func(h *host) {
		t.Helper()
		h.configure()
		h.ns.run(append([]string{"notified", h.path("notify"), h.path("log")}, h.admin("run")...)...)
	}
	start(h1)
	if s, code := h1.status(); (code != 0 || s.Published != 1) && len(s.Faults) == 0 { // on a busy machine etcd may be late
		t.Errorf("h1: exit code %d: %+v", code, s)
	}
	h1.well()
	w.members[0].kill()
	start(h2)
	if s, code := h2.status(); code != 1 || len(s.Faults) == 0 {
		t.Errorf("h2: exit code %d: %+v", code, s)
	}
	w.members[0].start()
	h2.well()
}
