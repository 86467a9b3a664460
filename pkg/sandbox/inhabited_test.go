package sandbox

import (
	"os"
	"os/exec"
	"runtime"
	"strconv"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// TestInhabited: a process lives in a network namespace until it has ended, and whoever asks, or has started who asks, is
// none of its container's. A zombie is none either.
func TestInhabited(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Skip("only root may make a network namespace")
	}
	cmd, plugin := exec.Command("unshare", "--net", "sleep", "1000"), exec.Command("unshare", "--net", "sleep", "1000")
	plugin.Env = append(os.Environ(), "CNI_COMMAND=ADD")
	for _, cmd := range []*exec.Cmd{cmd, plugin} {
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		defer func() { _ = cmd.Process.Kill() }()
	}
	own, err := namespaceOf("/proc/thread-self", "net")
	if err != nil {
		t.Fatal(err)
	}
	unshared := func(cmd *exec.Cmd) Namespace {
		id := own
		for end := time.Now().Add(10 * time.Second); id == own && time.Now().Before(end); time.Sleep(time.Millisecond) {
			if id, err = namespaceOf("/proc/"+strconv.Itoa(cmd.Process.Pid), "net"); err != nil {
				t.Fatal(err)
			}
		}
		return id
	}
	id := unshared(cmd)
	if other := unshared(plugin); Inhabited(other, 0) {
		t.Error("a CNI plugin counts")
	}
	if !Inhabited(id, 0) || InOwn(id) {
		t.Error("a process of another network namespace is not seen there")
	}
	if !InOwn(own) {
		t.Error("this process is not in its own network namespace")
	}
	nobodys := Namespace{id.Device, id.Inode + 1}
	if !inhabited(nobodys, 1, time.Nanosecond) {
		t.Error("what was not decided in time counts as empty")
	}
	if inhabited(nobodys, 1<<22, time.Nanosecond) { // as many as there can be, see pid_max in proc_sys_kernel(5)
		t.Error("the least is not looked at when time is up")
	}
	if err := cmd.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	var info unix.Siginfo
	if err := unix.Waitid(unix.P_PID, cmd.Process.Pid, &info, unix.WEXITED|unix.WNOWAIT, nil); err != nil {
		t.Fatal(err)
	}
	if Inhabited(id, 0) {
		t.Error("a zombie counts")
	}
	_ = cmd.Wait()

	// A thread that has entered one, as runtimes in Go have: what is left of it is not the container's.
	done := make(chan bool)
	go func() {
		runtime.LockOSThread() // never unlocked
		if unix.Unshare(unix.CLONE_NEWNET) != nil {
			done <- false
			return
		}
		entered, err := namespaceOf("/proc/thread-self", "net")
		done <- err == nil && Inhabited(entered, 0)
	}()
	if <-done {
		t.Error("this process counts")
	}
}
