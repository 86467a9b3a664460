package agent

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"sync"
	"time"

	"go.etcd.io/etcd/api/v3/etcdserverpb"
	"go.etcd.io/etcd/api/v3/v3rpc/rpctypes"
	clientv3 "go.etcd.io/etcd/client/v3"
	"golang.org/x/sys/unix"
	"google.golang.org/grpc/connectivity"
)

const (
	// requestTimeout bounds one request: a member that was killed is found out by it.
	requestTimeout = 1500 * time.Millisecond
	// longSilence is a loss of contact after which a watch that has said nothing is not trusted. The election of a leader takes less.
	longSilence = 5 * time.Second
	// Waits between attempts, at random: many hosts are not to come back at one moment.
	shortestWait, longestWait = 300 * time.Millisecond, 5 * time.Second
	// gathering is how long changes are gathered after the last ones were dealt with. The first one after that waits for none.
	gathering = 20 * time.Millisecond
)

// gathered returns when to deal with a change that has come just now.
func gathered(last time.Time) time.Duration { return max(time.Until(last.Add(gathering)), 0) }

// contact is how this host stands with etcd. It notices an etcd that is not the one of before: begun anew, or put back to an earlier state. Then a
// watch hears nothing, and no error either, until the revision of before comes again.
type contact struct {
	*Agent
	suspect signal

	mu     sync.Mutex
	state  state
	anew   time.Duration // when etcd was last found begun anew, or put back; 0 for never
	word   time.Duration // when etcd last answered, CLOCK_BOOTTIME; 0 for never
	silent time.Duration // since when it does not; 0 if it does
}

// newContact goes on from what the service of before has heard.
func newContact(a *Agent, before *Status) *contact {
	return &contact{Agent: a, suspect: newSignal(), state: state{before.Cluster, before.Revision}, word: before.LastWord}
}

// sinceBoot is the time that goes on while the machine is suspended.
func sinceBoot() time.Duration {
	var t unix.Timespec
	_ = unix.ClockGettime(unix.CLOCK_BOOTTIME, &t) // it cannot fail
	return time.Duration(t.Nano())
}

// ask sends a request, and notes whether an answer came.
func (c *contact) ask(ctx context.Context, r request) error {
	before := c.reached()
	header, err := c.Client.ask(ctx, r)
	if err != nil {
		c.missed()
		return err
	}
	c.heard(header, before)
	return nil
}

// sure is ask for a linearizable read: whatever member answers knows all that was written before, so that a strange answer is the truth.
func (c *contact) sure(ctx context.Context, r request) error {
	before := c.reached()
	header, err := c.Client.ask(ctx, r)
	if err != nil {
		c.missed()
		return err
	}
	strange := before.strange(header)
	if strange {
		c.mu.Lock()
		c.state, c.anew = state{header.ClusterId, header.Revision}, sinceBoot()
		c.mu.Unlock()
	}
	c.heard(header, c.reached())
	if strange {
		c.Logf("etcd is not in the state that it was in: everything is read and published again")
		c.publisher.doubt.send()
		c.again()
	}
	return nil
}

// state is how far an etcd had come.
type state struct {
	cluster  uint64 // 0 if none was heard of
	revision int64
}

// strange reports whether an answer is of another etcd than this, or of an earlier state of it.
func (s state) strange(h *etcdserverpb.ResponseHeader) bool {
	return s.cluster != 0 && (h.ClusterId != s.cluster || h.Revision < s.revision)
}

// heard notes an answer to what was asked after a state was reached.
func (c *contact) heard(h *etcdserverpb.ResponseHeader, before state) {
	c.mu.Lock()
	now := sinceBoot()
	back := c.silent > 0 && now-c.silent > longSilence
	c.word, c.silent = now, 0
	strange := before.strange(h)
	if !strange && (c.state.cluster == 0 || c.state.cluster == h.ClusterId) {
		c.state = state{h.ClusterId, max(c.state.revision, h.Revision)}
	}
	c.mu.Unlock()
	if strange {
		c.suspect.send()
	}
	if back {
		c.again()
	}
}

// reached returns the furthest state that was heard of.
func (c *contact) reached() state {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.state
}

// unsettled returns for how long yet hosts may be missing in etcd that have not published again what it has lost.
func (c *contact) unsettled() time.Duration {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.anew == 0 {
		return 0
	}
	return max(0, c.anew+c.Config.TTL+grace-sinceBoot())
}

// missed notes that no answer came.
func (c *contact) missed() {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.silent == 0 {
		c.silent = sinceBoot()
	}
}

// lastWord returns when etcd last answered, 0 for never, and whether it did so at the last attempt.
func (c *contact) lastWord() (word time.Duration, well bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.word, c.word > 0 && c.silent == 0
}

// run looks more closely where an answer was strange: a member that lags behind says an earlier revision too, so one is asked that must not.
func (c *contact) run(ctx context.Context) {
	for {
		select {
		case <-ctx.Done():
			return
		case <-c.suspect:
		}
		err := c.sure(ctx, func(ctx context.Context) (*etcdserverpb.ResponseHeader, error) {
			r, err := c.Client.Get(ctx, c.Config.Networks[0].RecordKey(c.Config.Host), clientv3.WithCountOnly())
			if err != nil {
				return nil, err
			}
			return r.Header, nil
		})
		if err != nil {
			sleep(ctx, jitter(shortestWait))
			c.suspect.send()
		}
	}
}

// follow has everything read again when there is a connection after all were lost. Meanwhile etcd may have been put back to an earlier state and have passed
// the revision that it was at: then no answer is strange, and a watch that clientv3 resumes does not tell what was lost.
func (c *contact) follow(ctx context.Context) {
	conn := c.Client.ActiveConnection()
	for lost := false; ; {
		at := conn.GetState()
		if lost && at == connectivity.Ready {
			lost = false
			c.publisher.doubt.send()
			c.again()
		}
		if !conn.WaitForStateChange(ctx, at) {
			return
		}
		lost = lost || at == connectivity.Ready
	}
}

// Errors that say what they are about in our words. etcd's own are behind them.
var (
	errDenied  = errors.New("etcd refuses this host's user: run what etcfiles-etcd grant prints")
	errFull    = errors.New("etcd is full: compact and defragment it, then etcdctl alarm disarm")
	errExpired = errors.New("the lease has expired")
	errSilent  = fmt.Errorf("etcd did not answer within %v", requestTimeout)
)

// explained is an error of etcd in our words.
type explained struct{ why, err error }

func (e *explained) Error() string   { return e.why.Error() }
func (e *explained) Unwrap() []error { return []error{e.why, e.err} }

// explain says what to do about some errors of etcd.
func explain(err error) error {
	for _, e := range []explained{
		{errDenied, rpctypes.ErrPermissionDenied},
		{errDenied, rpctypes.ErrUserNotFound},
		{errDenied, rpctypes.ErrUserEmpty},
		{errFull, rpctypes.ErrNoSpace},
		{errExpired, rpctypes.ErrLeaseNotFound},
		{errSilent, context.DeadlineExceeded},
	} {
		if errors.Is(err, e.err) {
			return &explained{e.why, err}
		}
	}
	return fmt.Errorf("etcd: %w", err)
}

// pause is the wait between attempts.
type pause struct{ last time.Duration }

// next returns how long to wait after one more failure.
func (p *pause) next() time.Duration {
	p.last = min(max(shortestWait, 2*p.last), longestWait)
	return jitter(p.last)
}

// well says that an attempt has come to something.
func (p *pause) well() { p.last = 0 }

// jitter returns something from half the time to the whole.
func jitter(d time.Duration) time.Duration { return d/2 + rand.N(d/2+1) } //nolint:gosec // nothing is to be guessed

func sleep(ctx context.Context, d time.Duration) {
	select {
	case <-ctx.Done():
	case <-time.After(d):
	}
}
