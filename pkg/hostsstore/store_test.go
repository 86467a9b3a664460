package hostsstore

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net/netip"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
)

// holdEnv makes the test binary a process that holds the lock of a namespace until its stdin ends.
const holdEnv = "ETCFILES_TEST_HOLD"

func TestMain(m *testing.M) {
	if dir := os.Getenv(holdEnv); dir != "" {
		if _, err := Dir(dir).Namespace("ns").Lock(context.Background(), time.Second); err != nil {
			panic(err)
		}
		fmt.Println("held")
		_, _ = os.Stdin.Read(make([]byte, 1))
		os.Exit(0)
	}
	os.Exit(m.Run())
}

// TestLockAgainstAnotherProcess: past the deadline the error names the holder, and the lock is free when it ends.
func TestLockAgainstAnotherProcess(t *testing.T) {
	dir := t.TempDir()
	holder := exec.Command(os.Args[0])
	holder.Env = append(os.Environ(), holdEnv+"="+dir)
	stdin, _ := holder.StdinPipe()
	stdout, _ := holder.StdoutPipe()
	if err := holder.Start(); err != nil {
		t.Fatal(err)
	}
	if line, err := bufio.NewReader(stdout).ReadString('\n'); line != "held\n" {
		t.Fatal(line, err)
	}
	n := Dir(dir).Namespace("ns")
	_, err := n.Lock(context.Background(), 50*time.Millisecond)
	if !errors.Is(err, ErrLocked) || !strings.Contains(err.Error(), fmt.Sprintf("pid %d", holder.Process.Pid)) {
		t.Errorf("error %v does not name pid %d", err, holder.Process.Pid)
	}
	if err := n.Lockable(); err != nil {
		t.Errorf("a lock that is held makes the namespace unlockable: %v", err)
	}
	stdin.Close()
	if err := holder.Wait(); err != nil {
		t.Fatal(err)
	}
	unlock, err := n.Lock(context.Background(), 10*time.Second)
	if err != nil {
		t.Fatal(err)
	}
	if err := unlock(); err != nil {
		t.Error(err)
	}
}

// TestModes: files are readable to other users whatever the umask, records are not (nerdctl#2684); directories are only for walking.
func TestModes(t *testing.T) {
	defer syscall.Umask(syscall.Umask(0o077))
	n := Dir(t.TempDir() + "/data").Namespace("ns")
	if err := n.WriteRecord(&Record{ID: "web"}, false); err != nil {
		t.Fatal(err)
	}
	if err := WriteFile(n.HostsPath("web"), []byte("x\n")); err != nil {
		t.Fatal(err)
	}
	if err := n.WriteIndex(NewIndex("boot")); err != nil {
		t.Fatal(err)
	}
	for path, want := range map[string]fs.FileMode{
		string(n.dir):                    fs.ModeDir | 0o711,
		n.RecordsDir():                   fs.ModeDir | 0o711,
		filepath.Dir(n.RecordsDir()):     fs.ModeDir | 0o711,
		filepath.Dir(n.HostsPath("web")): fs.ModeDir | 0o711,
		filepath.Dir(n.IndexPath()):      fs.ModeDir | 0o700,
		n.HostsPath("web"):               0o644,
		n.RecordPath("web"):              0o600,
	} {
		info, err := os.Stat(path)
		if err != nil {
			t.Fatal(err)
		}
		if info.Mode() != want {
			t.Errorf("%s: mode %v, want %v", path, info.Mode(), want)
		}
	}
}

// TestMakeDirEnds: a file system may answer ENOENT although the parent is there.
func TestMakeDirEnds(t *testing.T) {
	if err := Dir("/proc/etcfiles").MakeDir("/proc/etcfiles/x"); err == nil {
		t.Error("a directory was made in /proc")
	}
}

func TestRecord(t *testing.T) {
	n := Dir(t.TempDir()).Namespace("ns")
	want := &Record{
		Namespace: "ns", ID: "web", Hostname: "h", Name: "n",
		Etcfiles: &Details{Version: FormatVersion, BootID: "b", Attachments: []Attachment{{
			Network: "lab", IfName: "eth0", Sequence: 7, Addresses: []netip.Addr{netip.MustParseAddr("10.0.0.2")}, Names: []string{"h"},
		}}},
	}
	if err := n.WriteRecord(want, false); err != nil {
		t.Fatal(err)
	}
	got, err := n.ReadRecord("web")
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, got, cmpopts.EquateComparable(netip.Addr{}), cmpopts.EquateEmpty()); diff != "" {
		t.Error(diff)
	}
	if _, err := n.ReadRecord("absent"); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("absent: %v", err)
	}
}

// TestCorruptRecords: a half-written record blocks nobody (nerdctl#3350), and neither does what is no file.
func TestCorruptRecords(t *testing.T) {
	dir := t.TempDir()
	n := Dir(dir).Namespace("ns")
	secret := filepath.Join(dir, "secret")
	if err := os.WriteFile(secret, []byte(`{"ID":"link"}`), 0o600); err != nil {
		t.Fatal(err)
	}
	for id, make := range map[string]func(path string) error{
		"half":  func(p string) error { return os.WriteFile(p, []byte(`{"ID":"half","Net`), 0o600) },
		"empty": func(p string) error { return os.WriteFile(p, nil, 0o600) },
		"other": func(p string) error { return os.WriteFile(p, []byte(`{"ID":"somebody"}`), 0o600) },
		"null": func(p string) error {
			return os.WriteFile(p, []byte(`{"ID":"null","Networks":{"lab":{"ips":[null]}}}`), 0o600)
		},
		"climbs": func(p string) error {
			return os.WriteFile(p, []byte(`{"ID":"climbs","Etcfiles":{"Attachments":[{"Network":"../x"}]}}`), 0o600)
		},
		"forged": func(p string) error {
			return os.WriteFile(p, []byte(`{"ID":"forged","Etcfiles":{"Attachments":[{"Network":"lab","Names":["a","b\n6.6.6.6 bank"]}]}}`), 0o600)
		},
		"qualified": func(p string) error {
			return os.WriteFile(p, []byte(`{"ID":"qualified","Etcfiles":{"Attachments":[{"Network":"lab","Qualified":["a b"]}]}}`), 0o600)
		},
		"label": func(p string) error {
			return os.WriteFile(p, []byte(`{"ID":"label","Etcfiles":{"Attachments":[{"Network":"lab","Label":"a#"}]}}`), 0o600)
		},
		"extra": func(p string) error {
			return os.WriteFile(p, []byte(`{"ID":"extra","Etcfiles":{"ExtraHosts":[{"Name":"a\nb","Address":"10.0.0.1"}]}}`), 0o600)
		},
		"adopted": func(p string) error {
			return os.WriteFile(p, []byte(`{"ID":"adopted","Etcfiles":{"Adopted":["10.0.0.1 a\n6.6.6.6 bank"]}}`), 0o600)
		},
		"link": func(p string) error { return os.Symlink(secret, p) },
		"fifo": func(p string) error { return syscall.Mkfifo(p, 0o600) },
		"dir":  func(p string) error { return os.Mkdir(p, 0o700) },
	} {
		path := n.RecordPath(id)
		if err := n.dir.MakeDir(filepath.Dir(path)); err != nil {
			t.Fatal(err)
		}
		if err := make(path); err != nil {
			t.Fatal(err)
		}
		if _, err := n.ReadRecord(id); !errors.Is(err, ErrCorrupt) {
			t.Errorf("%s: %v", id, err)
		}
		if err := n.PutAside(id); err != nil {
			t.Errorf("%s: %v", id, err)
		}
		if _, err := n.ReadRecord(id); !errors.Is(err, fs.ErrNotExist) {
			t.Errorf("%s is not aside: %v", id, err)
		}
	}
}

func TestPending(t *testing.T) {
	n := Dir(t.TempDir()).Namespace("ns")
	want := Pending{ID: "web", IfName: "eth0", Network: "lab", Keep: true}
	if err := n.AddPending(want); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(n.pendingDir()+"/rubbish", []byte("{"), 0o600); err != nil {
		t.Fatal(err)
	}
	for range 2 { // a note stays until it is forgotten
		got, err := n.Pending()
		if diff := cmp.Diff([]Pending{want, {}}, got, cmpopts.IgnoreUnexported(Pending{})); diff != "" || err != nil {
			t.Error(diff, err)
		}
	}
	got, _ := n.Pending()
	if err := n.ForgetPending(got); err != nil {
		t.Error(err)
	}
	if got, err := n.Pending(); len(got) > 0 || err != nil {
		t.Errorf("left: %v, %v", got, err)
	}
	if err := os.MkdirAll(n.pendingDir()+"/unreadable", 0o700); err != nil {
		t.Fatal(err)
	}
	if _, err := n.Pending(); err == nil {
		t.Error("a note that cannot be read is passed over in silence")
	}
}
