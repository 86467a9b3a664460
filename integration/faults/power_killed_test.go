package faults

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/etcfiles/etcfiles/integration/internal/fleet"
	"github.com/etcfiles/etcfiles/integration/internal/plugin"
	"github.com/etcfiles/etcfiles/integration/internal/straced"
)

// bootKill is a kill before a call of what a runtime does first after a reboot, with what an earlier boot has left.
type bootKill struct {
	restart
	left   disk
	spoilt bool // there is garbage in what is left
	point  straced.Point
	then   int // which operations follow
}

// killedAfterReboot kills the first operation after a reboot before each call that changes a file, on a store as it was
// and on some with garbage. The next operation, whichever it is, leaves exactly what is to be there.
func killedAfterReboot(t *testing.T, dir string, events []event) {
	whole := crash{at: len(events), reached: len(events)}.lose(events)
	stores := []disk{whole}
	for _, victim := range []string{"*", "etchosts/default/a/meta.json", "networks/default/lab/hosts", "etchosts/default/a/hosts"} {
		stores = append(stores, whole.spoilt(victim, func(size int) []byte { return []byte(strings.Repeat("10.66.6.6 stale a b d localhost\n", 1+size/32)) }))
	}
	var list []bootKill
	counter := boot(t, "22222222-2222-4222-8222-ffffffffffff")
	for i, r := range restarts() {
		for j, left := range stores {
			if (!*full || j > 0) && (i+j)%len(stores) > 0 { // with -full the store as it was, and one of the others
				continue
			}
			k := bootKill{restart: r, left: left, spoilt: j > 0}
			points, err := k.points(counter, filepath.Join(dir, "counted"))
			if err != nil {
				t.Fatal(err)
			}
			for n, p := range points {
				if *full || n%8 == i%8 {
					k.point, k.then = p, n+j
					list = append(list, k)
				}
			}
		}
	}
	var hit atomic.Int64
	afterReboot(t, len(list), func(m machine, i int) error {
		k := list[i]
		for try := range tries {
			root := filepath.Join(dir, fmt.Sprintf("killed%d-%d", i, try))
			done, err := k.on(m, root)
			if err = errors.Join(err, os.RemoveAll(root)); err != nil {
				return fmt.Errorf("%s, %s killed before %s: %s: %w", k.name, k.disturbed().verb, k.point, k.point.Text, err)
			}
			if done {
				hit.Add(1)
				break
			}
		}
		return nil
	})
	if n := int(hit.Load()); n*10 < len(list)*9 {
		t.Errorf("%d of %d points were hit", n, len(list))
	}
	row(t, fmt.Sprintf("kill -9 before a system call of the first ADD, DEL or GC after a reboot that changes a file, with %d stores of the earlier "+
		"boot, %d of them with garbage", len(stores), len(stores)-1), int(hit.Load()),
		"the next operation worked, every file was exact after it, nothing of the earlier boot was served or left")
}

// disturbed is the operation that is killed.
func (k bootKill) disturbed() call { return append(slices.Clone(k.before), k.first)[0] }

// trace runs the operation that is killed on a new copy of the store, under strace, and returns strace's log.
func (k bootKill) trace(m machine, root string, args ...string) (string, plugin.Reply, error) {
	if err := k.left.write(root); err != nil {
		return "", plugin.Reply{}, err
	}
	log := root + ".log"
	defer os.Remove(log)
	c := k.disturbed()
	c.dataDir = root
	cmd := c.command(straced.Command(log, args...)...)
	cmd.Env = append(cmd.Env, "GOMAXPROCS=2")
	var r plugin.Reply
	var err error
	m.do(func() {
		var wait func() (plugin.Reply, error)
		if wait, err = plugin.Start(cmd); err == nil {
			r, err = wait()
		}
	})
	b, readErr := os.ReadFile(log)
	return string(b), r, errors.Join(err, readErr)
}

// points returns the calls before which the operation can be killed.
func (k bootKill) points(m machine, root string) (list []straced.Point, err error) {
	for n := 0; n == 0 || n < 10 && list[0].Thread != list[len(list)-1].Thread; n++ { // else the run is no pattern
		log, r, err := k.trace(m, root, "-e", "trace="+strings.Join(straced.Changing, ","))
		if err = errors.Join(err, os.RemoveAll(root)); err != nil || r.Error.Code != 0 {
			return nil, fmt.Errorf("%s: code %d: %s: %w", k.name, r.Error.Code, r.Error.Msg, err)
		}
		if list = straced.Changes(straced.Points(log, straced.Changing, root)); len(list) < 10 {
			return nil, fmt.Errorf("%s: %d calls cannot be all", k.name, len(list))
		}
	}
	return list, nil
}

// on kills the operation on a new copy of the store and goes on. It reports whether the operation got to the call.
func (k bootKill) on(m machine, root string) (bool, error) {
	log, _, err := k.trace(m, root, k.point.Kill()...)
	if err != nil {
		return false, err
	}
	again := k.restart
	switch k.then % 3 {
	case 0: // another container
		err = k.another(m, root)
	case 1: // the runtime gives up, and then does all again
		gone := k.first
		gone.verb = "DEL"
		again.before = append([]call{gone}, k.before...)
	}
	if err == nil {
		err = m.goOn(root, again, journal, k.spoilt)
	}
	return straced.Killed(log), err
}

// another lets another container come, after which the files are exact, and go, and then the one whose ADD was killed.
func (k bootKill) another(m machine, root string) error {
	var live []fleet.Attachment
	attached, err := k.attached(root)
	if err != nil {
		return err
	}
	if attached {
		live = append(live, k.first.Attachment)
	}
	other, gone := k.first, k.first
	other.ID, other.Addr = "other", k.first.Addr+"7"
	other.dataDir, gone.dataDir, gone.verb = root, root, "DEL"
	if r, err := m.run(other); err != nil || r.Error.Code != 0 || (r.Stderr != "" && !k.spoilt) {
		return fmt.Errorf("ADD of another: code %d: %s%s: %w", r.Error.Code, r.Error.Msg, r.Stderr, err)
	}
	if err := checkAlone(root, loose, append(live, other.Attachment)...); err != nil {
		return err
	}
	if err := m.succeed(gone); err != nil { // it never got its own files, maybe
		return err
	}
	if err := checkAlone(root, journal, other.Attachment); err != nil {
		return err
	}
	other.verb = "DEL"
	return m.succeed(other)
}

// attached reports whether the first ADD, which was killed, is in the records.
func (k bootKill) attached(root string) (bool, error) {
	a := k.first.Attachment
	b, err := os.ReadFile(filepath.Join(root, "etchosts", a.Namespace, a.ID, "meta.json"))
	if errors.Is(err, os.ErrNotExist) {
		return false, nil
	}
	if err != nil {
		return false, err
	}
	var record struct{ Etcfiles struct{ BootID string } }
	return json.Unmarshal(b, &record) == nil && strings.HasPrefix(record.Etcfiles.BootID, "22222222"), nil
}
