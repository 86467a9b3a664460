package hostsstore

import (
	"errors"
	"strconv"

	"github.com/etcfiles/etcfiles/pkg/safefile"
)

// NoteHolder notes who had the lock if err is an error of Lock past the timeout, for those who ask whether it can be acquired.
// The next operation that gets the lock removes the note. It is a cache as everything beside it: without it Lockable knows of nobody.
func (n *Namespace) NoteHolder(err error) error {
	var late *lateError
	if !errors.As(err, &late) {
		return nil
	}
	return n.putCache(n.holderPath(), []byte(strconv.Itoa(late.holder)))
}

// notedHolder returns the process that NoteHolder has noted, 0 for one that it could not see, and false if there is no note.
func (n *Namespace) notedHolder() (pid int, ok bool) {
	data, err := safefile.Read(n.holderPath(), maxHolder)
	if err != nil {
		return 0, false
	}
	pid, err = strconv.Atoi(string(data))
	return pid, err == nil
}

// maxHolder is the most bytes that a note has.
const maxHolder = 20

func (n *Namespace) forgetHolder() {
	_ = safefile.Remove(n.holderPath()) // a note that stays is about a process that has let the lock go
}
