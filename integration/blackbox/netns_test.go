package blackbox

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"syscall"

	"golang.org/x/sys/unix"
)

// makeNetns makes a network namespace that lives as long as the bind mount at path.
func makeNetns(path string, ipv6 bool) error {
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return err
	}
	f, err := os.OpenFile(path, os.O_CREATE|os.O_EXCL|os.O_RDONLY, 0o444)
	if err != nil {
		return err
	}
	if err := f.Close(); err != nil {
		return err
	}
	done := make(chan error)
	go func() {
		runtime.LockOSThread() // never unlocked: the thread ends with the goroutine
		done <- enterNewNetns(path, ipv6)
	}()
	if err := <-done; err != nil {
		return errors.Join(fmt.Errorf("network namespace %s: %w", path, err), os.Remove(path))
	}
	return nil
}

// makeMappedNetns makes a network namespace that belongs to a user namespace of its own, and lives as long as the bind mount at path.
func makeMappedNetns(path string) error {
	if err := errors.Join(os.MkdirAll(filepath.Dir(path), 0o755), os.WriteFile(path, nil, 0o444)); err != nil {
		return err
	}
	cmd := exec.Command("sh", "-c", "ip link set lo up && echo && read wait")
	cmd.SysProcAttr = &syscall.SysProcAttr{
		Cloneflags:  unix.CLONE_NEWUSER | unix.CLONE_NEWNET,
		UidMappings: []syscall.SysProcIDMap{{ContainerID: 0, HostID: 100000, Size: 65536}},
		GidMappings: []syscall.SysProcIDMap{{ContainerID: 0, HostID: 200000, Size: 65536}},
		Credential:  &syscall.Credential{NoSetGroups: true},
	}
	stdin, err := cmd.StdinPipe()
	if err != nil {
		return err
	}
	defer stdin.Close()
	stdout, err := cmd.StdoutPipe()
	if err != nil {
		return err
	}
	if err := cmd.Start(); err != nil {
		return err
	}
	_, err = stdout.Read(make([]byte, 1))
	if err == nil {
		err = unix.Mount(fmt.Sprintf("/proc/%d/ns/net", cmd.Process.Pid), path, "", unix.MS_BIND, "")
	}
	_ = stdin.Close()
	_ = cmd.Wait() // read fails at the end of its input
	return err
}

func enterNewNetns(path string, ipv6 bool) error {
	if err := unix.Unshare(unix.CLONE_NEWNET); err != nil {
		return err
	}
	if err := loopbackUp(); err != nil {
		return err
	}
	disable := "0"
	if !ipv6 {
		disable = "1"
	}
	for _, conf := range []string{"all", "default", "lo"} {
		if err := os.WriteFile("/proc/sys/net/ipv6/conf/"+conf+"/disable_ipv6", []byte(disable), 0o644); err != nil {
			return err
		}
	}
	return unix.Mount("/proc/thread-self/ns/net", path, "", unix.MS_BIND, "")
}

func loopbackUp() error {
	fd, err := unix.Socket(unix.AF_INET, unix.SOCK_DGRAM|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return err
	}
	defer unix.Close(fd)
	req, err := unix.NewIfreq("lo")
	if err != nil {
		return err
	}
	req.SetUint16(unix.IFF_UP)
	return unix.IoctlIfreq(fd, unix.SIOCSIFFLAGS, req)
}

// dropNetns ends a namespace of makeNetns.
func dropNetns(path string) error {
	err := unix.Unmount(path, unix.MNT_DETACH)
	if errors.Is(err, unix.EINVAL) || errors.Is(err, unix.ENOENT) {
		err = nil
	}
	if rm := os.Remove(path); !errors.Is(rm, os.ErrNotExist) {
		err = errors.Join(err, rm)
	}
	return err
}

// addNIC puts one end of a veth pair with the addresses into the namespace.
func addNIC(netns, name string, addrs []string) error {
	text := `set -e
ip link add "$1" type veth peer name "peer-$1"
ip link set "peer-$1" up
ip link set "$1" up
name=$1
shift
for addr; do ip address add "$addr" dev "$name" nodad 2>/dev/null || ip address add "$addr" dev "$name"; done`
	args := append([]string{"--net=" + netns, "sh", "-c", text, "sh", name}, addrs...)
	if out, err := exec.Command("nsenter", args...).CombinedOutput(); err != nil {
		return fmt.Errorf("interface %s in %s: %w: %s", name, netns, err, out)
	}
	return nil
}
