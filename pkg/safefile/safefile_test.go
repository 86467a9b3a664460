package safefile

import (
	"bytes"
	"errors"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/sys/unix"
)

// placed are what may stand in the place of a file, each leading to a victim if it can.
var placed = map[string]func(victim, path string) error{
	"symlink":   os.Symlink,
	"hard link": os.Link,
	"FIFO":      func(_, path string) error { return unix.Mkfifo(path, 0o644) },
	"socket":    func(_, path string) error { return unix.Mknod(path, unix.S_IFSOCK|0o644, 0) },
	"device":    func(_, path string) error { return unix.Mknod(path, unix.S_IFCHR|0o644, int(unix.Mkdev(1, 7))) },
	"directory": func(_, path string) error { return os.Mkdir(path, 0o755) },
}

// needRoot skips what only root may do.
func needRoot(t *testing.T) {
	t.Helper()
	if os.Geteuid() != 0 {
		t.Skip("only root may do this")
	}
}

// TestNotRegular: what is not a regular file of one name is neither read nor written, nor waited for.
func TestNotRegular(t *testing.T) {
	for kind, place := range placed {
		t.Run(kind, func(t *testing.T) {
			if kind == "device" {
				needRoot(t)
			}
			dir := t.TempDir()
			victim, path := filepath.Join(dir, "victim"), filepath.Join(dir, "path")
			if err := errors.Join(os.WriteFile(victim, []byte("x"), 0o644), place(victim, path)); err != nil {
				t.Fatal(err)
			}
			if b, err := Read(path, 10); !errors.Is(err, ErrNotRegular) {
				t.Errorf("Read: %q, %v", b, err)
			}
			if err := Overwrite(path, []byte("yy")); !errors.Is(err, ErrNotRegular) {
				t.Errorf("Overwrite: %v", err)
			}
			for _, flags := range []int{unix.O_RDONLY, unix.O_WRONLY, unix.O_RDWR} {
				if fd, _, err := Anywhere.Descriptor(path, flags); fd != -1 || !errors.Is(err, ErrNotRegular) {
					t.Errorf("Descriptor: %d, %v", fd, err)
				}
			}
			if err := SetMode(path, 0o600); (err == nil) != (kind == "directory") {
				t.Errorf("SetMode: %v", err)
			}
			linked := kind == "symlink" || kind == "hard link"
			if b, err := ReadLinked(path, 10); linked && (err != nil || string(b) != "x") || !linked && !errors.Is(err, ErrNotRegular) {
				t.Errorf("ReadLinked: %q, %v", b, err)
			}
			info, err := os.Stat(victim)
			if err != nil || info.Mode() != 0o644 {
				t.Errorf("the victim is %v, %v", info, err)
			}
			if b, err := os.ReadFile(victim); err != nil || string(b) != "x" {
				t.Errorf("the victim holds %q, %v", b, err)
			}
		})
	}
}

// TestReadLimit: no more than the limit is read, whatever the size.
func TestReadLimit(t *testing.T) {
	path := filepath.Join(t.TempDir(), "sparse")
	if err := errors.Join(os.WriteFile(path, []byte("abc"), 0o644), os.Truncate(path, 1<<40)); err != nil {
		t.Fatal(err)
	}
	asString := func(path string, limit int64) ([]byte, error) {
		text, err := Anywhere.ReadString(path, limit)
		return []byte(text), err
	}
	into := func(path string, limit int64) ([]byte, error) {
		buffer := []byte("x")
		return Anywhere.ReadInto(&buffer, path, limit)
	}
	for _, read := range []func(string, int64) ([]byte, error){Read, ReadLinked, asString, into} {
		if b, err := read(path, 2); err != nil || string(b) != "ab" {
			t.Errorf("%q, %v", b, err)
		}
	}
}

// TestReadInto: a buffer serves one file after the other, whatever their sizes.
func TestReadInto(t *testing.T) {
	dir := t.TempDir()
	var buffer []byte
	for _, size := range []int{0, 10, chunk - 1, chunk, 3*chunk + 7, 5, 2 * chunk} {
		want := bytes.Repeat([]byte{byte(size)}, size)
		path := filepath.Join(dir, "file")
		if err := os.WriteFile(path, want, 0o644); err != nil {
			t.Fatal(err)
		}
		got, err := Anywhere.ReadInto(&buffer, path, 1<<20)
		if err != nil || !bytes.Equal(got, want) {
			t.Errorf("%d of %d bytes, %v", len(got), size, err)
		}
		if text, err := Anywhere.ReadString(path, 1<<20); err != nil || text != string(want) {
			t.Errorf("as a string %d of %d bytes, %v", len(text), size, err)
		}
	}
	if b, err := Anywhere.ReadInto(&buffer, dir, 10); !errors.Is(err, ErrNotRegular) {
		t.Errorf("a directory: %q, %v", b, err)
	}
}

// TestOpenIn: no link leads out of a root, and what is held is read only if it is a regular file.
func TestOpenIn(t *testing.T) {
	outer := t.TempDir()
	root := filepath.Join(outer, "root")
	if err := errors.Join(os.WriteFile(filepath.Join(outer, "secret"), []byte("secret"), 0o644), os.Mkdir(root, 0o755),
		os.WriteFile(filepath.Join(root, "inside"), []byte("inside"), 0o644), os.Symlink("/inside", filepath.Join(root, "absolute")),
		os.Symlink("../secret", filepath.Join(root, "up")), unix.Mkfifo(filepath.Join(root, "fifo"), 0o644)); err != nil {
		t.Fatal(err)
	}
	dir, err := os.OpenFile(root, unix.O_PATH|unix.O_DIRECTORY, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer dir.Close()
	for path, want := range map[string]error{
		"inside": nil, "/absolute": nil, "../inside": nil, "up": unix.ENOENT, "fifo": ErrNotRegular, "/": ErrNotRegular,
	} {
		var b []byte
		held, err := OpenIn(dir, path, unix.O_PATH, unix.RESOLVE_IN_ROOT)
		if err == nil {
			b, err = ReadHeld(held, 6)
			held.Close()
		}
		if !errors.Is(err, want) || want == nil && string(b) != "inside" {
			t.Errorf("%s: %q, %v", path, b, err)
		}
	}
}

// TestReplace: the content and the mode are those that were given, and no link is followed, neither at the path nor at that
// of the temporary file.
func TestReplace(t *testing.T) {
	dir := t.TempDir()
	victim, path := filepath.Join(dir, "victim"), filepath.Join(dir, "path")
	if err := errors.Join(os.WriteFile(victim, []byte("x"), 0o600), os.Symlink(victim, path), os.Symlink(victim, Temporary(path))); err != nil {
		t.Fatal(err)
	}
	if err := Replace(path, []byte("new"), 0o666, true); err != nil {
		t.Fatal(err)
	}
	info, err := os.Lstat(path)
	if err != nil || info.Mode() != 0o666 {
		t.Errorf("%v, %v", info, err)
	}
	for path, want := range map[string]string{path: "new", victim: "x"} {
		if b, err := os.ReadFile(path); err != nil || string(b) != want {
			t.Errorf("%s: %q, %v", path, b, err)
		}
	}
	if err := os.Mkdir(filepath.Join(dir, "full"), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := Replace(filepath.Join(dir, "full"), nil, 0o644, false); err == nil {
		t.Error("a directory was replaced")
	}
	if entries, err := os.ReadDir(dir); err != nil || len(entries) != 3 {
		t.Errorf("left: %v, %v", entries, err)
	}
}

// TestReplaceAs: mode and owner are those that were given, and AccessOf reads them.
func TestReplaceAs(t *testing.T) {
	path := filepath.Join(t.TempDir(), "path")
	want := Access{Mode: 0o440, Owner: Owner{UID: uint32(os.Geteuid()), GID: uint32(os.Getegid())}}
	if os.Geteuid() == 0 {
		want.Owner = Owner{UID: 1234, GID: 4321}
	}
	if err := ReplaceAs(path, []byte("new"), want, true); err != nil {
		t.Fatal(err)
	}
	got, err := AccessOf(path)
	got.Label = "" // of the policy of the host
	if b, _ := os.ReadFile(path); err != nil || got != want || string(b) != "new" {
		t.Errorf("%+v, %v: %q", got, err, b)
	}
	if _, err := AccessOf(filepath.Dir(path)); !errors.Is(err, ErrNotRegular) {
		t.Errorf("a directory: %v", err)
	}
}

// TestOverwrite: the inode stays, and nothing of a longer content.
func TestOverwrite(t *testing.T) {
	path := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(path, []byte(strings.Repeat("long\n", 50_000)), 0o644); err != nil {
		t.Fatal(err)
	}
	before, err := os.Stat(path)
	if err != nil {
		t.Fatal(err)
	}
	for _, content := range []string{"short\n", "a little longer\n", ""} {
		if err := Overwrite(path, []byte(content)); err != nil {
			t.Fatal(err)
		}
		if b, err := os.ReadFile(path); err != nil || string(b) != content {
			t.Errorf("%q, %v", b, err)
		}
	}
	if after, err := os.Stat(path); err != nil || !os.SameFile(before, after) {
		t.Errorf("another inode: %v", err)
	}
}

// TestCheckDir: only a directory is one, and what is absent may become one.
func TestCheckDir(t *testing.T) {
	dir := t.TempDir()
	if err := errors.Join(CheckDir(dir), CheckDir(filepath.Join(dir, "absent"))); err != nil {
		t.Error(err)
	}
	link := filepath.Join(dir, "link")
	if err := os.Symlink(dir, link); err != nil {
		t.Fatal(err)
	}
	if err := CheckDir(link); !errors.Is(err, unix.ENOTDIR) {
		t.Errorf("a link to a directory: %v", err)
	}
}

// TestRemoveImmutable: flags that keep a file from being removed are taken off, but not those of a link's target.
func TestRemoveImmutable(t *testing.T) {
	needRoot(t)
	dir := t.TempDir()
	chattr := func(flag, path string) {
		t.Helper()
		if out, err := exec.Command("chattr", flag, path).CombinedOutput(); err != nil {
			t.Fatalf("%v\n%s", err, out)
		}
	}
	for _, flag := range []string{"i", "a"} {
		path := filepath.Join(dir, flag)
		if err := os.WriteFile(path, nil, 0o644); err != nil {
			t.Fatal(err)
		}
		chattr("+"+flag, path)
		if err := Remove(path); err != nil {
			chattr("-"+flag, path)
			t.Errorf("+%s: %v", flag, err)
		}
	}
	target, link := filepath.Join(dir, "target"), filepath.Join(dir, "link")
	if err := errors.Join(os.WriteFile(target, nil, 0o644), os.Symlink(target, link)); err != nil {
		t.Fatal(err)
	}
	chattr("+i", target)
	defer chattr("-i", target)
	if immutable, err := Immutable(target); err != nil || !immutable {
		t.Errorf("Immutable: %v, %v", immutable, err)
	}
	if err := Remove(link); err != nil {
		t.Error(err)
	}
	if err := Remove(target + "/x"); err == nil {
		t.Error("a file below a file was removed")
	}
	out, err := exec.Command("lsattr", target).CombinedOutput()
	if err != nil || string(out[:10]) == "----------" {
		t.Errorf("the target of a link is not immutable any more: %s%v", out, err)
	}
}

// TestReplaceLongName: a name may be as long as a file system lets it be.
func TestReplaceLongName(t *testing.T) {
	dir := t.TempDir()
	for n := 245; n <= 255; n++ {
		path := filepath.Join(dir, strings.Repeat("x", n))
		if err := Replace(path, []byte("content"), 0o600, false); err != nil {
			t.Fatal(n, err)
		}
		if base := filepath.Base(Temporary(path)); len(base) > 255 || base[0] != '.' {
			t.Errorf("%d: %q", n, base)
		}
	}
	if list, err := os.ReadDir(dir); err != nil || len(list) != 11 {
		t.Errorf("%d files, %v", len(list), err)
	}
}

// TestReadKernel: a file of /proc that does not know its size, without the newline; Read gets to the end of one too.
func TestReadKernel(t *testing.T) {
	const path = "/proc/sys/kernel/random/boot_id"
	id, err := ReadKernel(path)
	if err != nil || len(id) != 36 {
		t.Errorf("got %q, %v", id, err)
	}
	if all, err := Read(path, 1<<10); err != nil || string(all) != id+"\n" {
		t.Errorf("Read: got %q, %v, want %q", all, err, id)
	}
	mounts, err := Read("/proc/self/mountinfo", 1<<20)
	if want, wantErr := os.ReadFile("/proc/self/mountinfo"); err != nil || wantErr != nil || !bytes.Equal(mounts, want) {
		t.Errorf("a long file: got %d bytes, %v, want %d, %v", len(mounts), err, len(want), wantErr)
	}
	if _, err := ReadKernel(filepath.Join(t.TempDir(), "none")); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("a file that is absent: %v", err)
	}
}

// TestRemoveDir: only what is a directory with nothing in it goes.
func TestRemoveDir(t *testing.T) {
	dir := t.TempDir()
	file, link, full, empty := filepath.Join(dir, "file"), filepath.Join(dir, "link"), filepath.Join(dir, "full"), filepath.Join(dir, "empty")
	for _, err := range []error{
		os.WriteFile(file, nil, 0o600), os.Symlink(empty, link), os.MkdirAll(filepath.Join(full, "in"), 0o700), os.Mkdir(empty, 0o700),
	} {
		if err != nil {
			t.Fatal(err)
		}
	}
	for path, want := range map[string]bool{file: false, link: false, full: false, empty: true, filepath.Join(dir, "none"): true} {
		_, before := os.Lstat(path)
		if got := RemoveDir(path); got != want {
			t.Errorf("%s: got %v", path, got)
		}
		if _, err := os.Lstat(path); before == nil && (err != nil) != want {
			t.Errorf("%s: afterwards: %v", path, err)
		}
	}
}
