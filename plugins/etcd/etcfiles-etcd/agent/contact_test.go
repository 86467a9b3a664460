package agent

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"go.etcd.io/etcd/api/v3/etcdserverpb"
	"go.etcd.io/etcd/api/v3/v3rpc/rpctypes"
)

// TestExplain: what an administrator can mend is said in words that help, and what etcd said is still behind them.
func TestExplain(t *testing.T) {
	for err, want := range map[error]error{
		rpctypes.ErrPermissionDenied: errDenied, rpctypes.ErrUserNotFound: errDenied, rpctypes.ErrNoSpace: errFull, rpctypes.ErrLeaseNotFound: errExpired,
		context.DeadlineExceeded: errSilent,
	} {
		got := explain(fmt.Errorf("wrapped: %w", err))
		if !errors.Is(got, want) || !errors.Is(got, err) || got.Error() != want.Error() {
			t.Errorf("%v is explained as %v", err, got)
		}
	}
	if got := explain(errors.New("x")); got.Error() != "etcd: x" {
		t.Error(got)
	}
}

// TestStrange: an answer of another etcd, or of an earlier state, is told from one of a member that knows more.
func TestStrange(t *testing.T) {
	s := state{cluster: 1, revision: 10}
	for _, c := range []struct {
		cluster  uint64
		revision int64
		want     bool
	}{{1, 10, false}, {1, 11, false}, {1, 9, true}, {2, 99, true}} {
		if got := s.strange(&etcdserverpb.ResponseHeader{ClusterId: c.cluster, Revision: c.revision}); got != c.want {
			t.Errorf("%+v: %v", c, got)
		}
	}
	if (state{}).strange(&etcdserverpb.ResponseHeader{ClusterId: 1}) {
		t.Error("the first answer is strange")
	}
}

// TestPause: waits grow to a bound, differ, and begin anew when it went well.
func TestPause(t *testing.T) {
	var p pause
	seen := map[time.Duration]bool{}
	for range 50 {
		d := p.next()
		if d < shortestWait/2 || d > longestWait {
			t.Fatal(d)
		}
		seen[d] = true
	}
	if len(seen) < 10 {
		t.Errorf("%d waits are different", len(seen))
	}
	if p.well(); p.next() > shortestWait {
		t.Error("it does not begin anew")
	}
}

// TestDir: one service runs with a directory, and what it leaves the next one finds.
func TestDir(t *testing.T) {
	d := Dir(t.TempDir() + "/run")
	if runs, err := d.Runs(); runs || err != nil {
		t.Fatal(runs, err)
	}
	unlock, err := d.Lock(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if _, err := d.Lock(t.Context()); !errors.Is(err, ErrRuns) {
		t.Errorf("a second one: %v", err)
	}
	if runs, err := d.Runs(); !runs || err != nil {
		t.Error(runs, err)
	}
	if err := d.save(kept{Leases: []int64{7}}); err != nil {
		t.Fatal(err)
	}
	unlock()
	if k, err := d.load(); err != nil || len(k.Leases) != 1 || k.Leases[0] != 7 {
		t.Errorf("%+v, %v", k, err)
	}
	if err := d.write("lease", "garbage", 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := d.load(); err == nil || !strings.Contains(err.Error(), "lease") {
		t.Errorf("garbage: %v", err)
	}
}

// TestRuns: those who ask whether a service runs do not take each other for one, and keep none from starting.
func TestRuns(t *testing.T) {
	d := Dir(t.TempDir() + "/run")
	if runs, err := d.Runs(); runs || err != nil {
		t.Fatal(runs, err)
	}
	if _, err := os.Lstat(string(d)); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("it made the directory: %v", err)
	}
	unlock, err := d.Lock(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	unlock()
	var wait sync.WaitGroup
	for range 4 {
		wait.Go(func() {
			for range 2000 {
				if runs, err := d.Runs(); runs || err != nil {
					t.Errorf("without a service: %v, %v", runs, err)
					return
				}
			}
		})
	}
	wait.Wait()
	started := make(chan struct{})
	for range 4 {
		wait.Go(func() {
			for {
				select {
				case <-started:
					return
				case <-time.After(100 * time.Microsecond): // each is a command of its own
				}
				if _, err := d.Runs(); err != nil {
					t.Error(err)
					return
				}
			}
		})
	}
	for i := range 300 {
		unlock, err := d.Lock(t.Context())
		if err != nil {
			t.Errorf("start %d: %v", i, err)
			break
		}
		unlock()
	}
	close(started)
	wait.Wait()
}

// TestContest: a few corrections within a short time are a contest, which is over when the last of them is long past; one now and then is none.
func TestContest(t *testing.T) {
	var c contest
	now := time.Now()
	for i := range 20 {
		c.note(now)
		if on, next := c.on(now); on || !next.IsZero() {
			t.Fatalf("contest at the correction number %d", i+1)
		}
		now = now.Add(contestWindow/(contestTimes-1) + 1)
	}
	for range contestTimes {
		now = now.Add(time.Second)
		c.note(now)
	}
	on, next := c.on(now)
	if !on || next.Before(now) || next.After(now.Add(contestWindow)) {
		t.Errorf("no contest: %v, %v", on, next)
	}
	if on, _ := c.on(now.Add(contestWindow)); on {
		t.Error("the contest is not over")
	}
}
