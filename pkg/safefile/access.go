package safefile

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strings"

	"golang.org/x/sys/unix"
)

// Owner is who owns a file, by the numbers that this process sees. The zero value is root.
type Owner struct{ UID, GID uint32 }

// Access says who may do what with a regular file.
type Access struct {
	Mode  fs.FileMode // permission bits; setuid, setgid and sticky are never among them
	Owner Owner
	Label string // of SELinux, see pkg/selinux; "" for that which the file has
}

// Restore brings an open file to the access, and reports whether it had another one. st is its state as it was opened; where
// that says that all is right nothing is called. A process that is not root leaves to others what is root's.
func (a Access) Restore(fd int, st *unix.Stat_t) (changed bool, err error) {
	var errs []error
	try := func(what string, err error) {
		changed = true
		if err != nil {
			errs = append(errs, fmt.Errorf("%s: %w", what, err))
		}
	}
	if owner := (Owner{st.Uid, st.Gid}); owner != a.Owner && (a.Owner != Owner{} || os.Geteuid() == 0) {
		try("fchown", unix.Fchown(fd, int(a.Owner.UID), int(a.Owner.GID)))
	}
	if bits := st.Mode &^ unix.S_IFMT; bits != uint32(a.Mode.Perm()) {
		try("fchmod", unix.Fchmod(fd, uint32(a.Mode.Perm())))
	}
	if a.Label != "" {
		try("set the label "+a.Label, unix.Fsetxattr(fd, xattrLabel, []byte(a.Label), 0))
	}
	return changed, errors.Join(errs...)
}

// AccessOf returns the access that a regular file has, with its label if it has one. A link is followed.
func AccessOf(path string) (Access, error) {
	var st unix.Stat_t
	if err := unix.Stat(path, &st); err != nil {
		return Access{}, &fs.PathError{Op: "stat", Path: path, Err: err}
	}
	if !regular(&st) {
		return Access{}, notRegular("stat", path)
	}
	label := make([]byte, maxLabel)
	n, err := unix.Getxattr(path, xattrLabel, label)
	if err != nil { // there is no SELinux
		n = 0
	}
	return Access{
		Mode: fs.FileMode(st.Mode).Perm(), Owner: Owner{st.Uid, st.Gid},
		Label: strings.TrimRight(string(label[:n]), "\x00"),
	}, nil
}

// maxLabel is more than a label of SELinux has, in bytes.
const maxLabel = 4096

// String returns the owner as chown(1) takes it.
func (o Owner) String() string { return fmt.Sprintf("%d:%d", o.UID, o.GID) }

// Restore is Access.Restore for the file at a path, which is opened for reading as Open does, and loses its capabilities(7).
func Restore(path string, a Access) error {
	fd, st, err := Anywhere.Descriptor(path, unix.O_RDONLY)
	if err != nil {
		return err
	}
	_, err = a.Restore(fd, &st)
	return errors.Join(err, TakeCapabilities(fd), unix.Close(fd))
}

// Extended attributes, see xattr(7).
const (
	xattrLabel      = "security.selinux"
	xattrCapability = "security.capability"
)

// Disarm takes from an open file what lets those who run it be somebody else: the bits setuid and setgid, and capabilities(7). st is
// its state as it was opened.
func Disarm(fd int, st *unix.Stat_t) error {
	var errs []error
	if st.Mode&(unix.S_ISUID|unix.S_ISGID) != 0 {
		errs = append(errs, unix.Fchmod(fd, st.Mode&^(unix.S_IFMT|unix.S_ISUID|unix.S_ISGID)))
	}
	return errors.Join(append(errs, TakeCapabilities(fd))...)
}

// DisarmAt is Disarm for the file at a path, which is opened for reading as Open does.
func DisarmAt(path string) error {
	fd, st, err := Anywhere.Descriptor(path, unix.O_RDONLY)
	if err != nil {
		return err
	}
	return errors.Join(Disarm(fd, &st), unix.Close(fd))
}

// TakeCapabilities takes the capabilities(7) from an open file that those who run it would have.
func TakeCapabilities(fd int) error {
	err := unix.Fremovexattr(fd, xattrCapability)
	if errors.Is(err, unix.ENODATA) || errors.Is(err, unix.EOPNOTSUPP) {
		return nil
	}
	return err
}

// Armed reports what lets those who run a regular file be somebody else: "setuid", "setgid" or "capabilities", "" for nothing. It
// follows no link.
func Armed(path string) string {
	var st unix.Stat_t
	switch err := unix.Lstat(path, &st); {
	case err != nil || !regular(&st):
		return ""
	case st.Mode&unix.S_ISUID != 0:
		return "setuid"
	case st.Mode&unix.S_ISGID != 0:
		return "setgid"
	}
	if n, err := unix.Lgetxattr(path, xattrCapability, nil); err == nil && n > 0 {
		return "capabilities"
	}
	return ""
}
