package agent

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/coreos/go-systemd/v22/daemon"

	"github.com/etcfiles/etcfiles/pkg/cluster"
	"github.com/etcfiles/etcfiles/plugins/etcd/etcfiles-etcd/config"
)

// Status is what a running service says of itself.
type Status struct {
	Host      string          `json:"host"`
	Version   string          `json:"version"`
	LastWord  time.Duration   `json:"lastWord"` // of etcd, CLOCK_BOOTTIME in nanoseconds; 0 for none
	TTL       time.Duration   `json:"ttl"`
	Cluster   uint64          `json:"cluster"`   // of etcd; 0 for none
	Revision  int64           `json:"revision"`  // the highest that it has named
	Ready     bool            `json:"ready"`     // everything has been published and read once
	Published int             `json:"published"` // attachments
	Networks  []NetworkStatus `json:"networks"`
	Faults    []string        `json:"faults,omitempty"`
}

// NetworkStatus is what it says of a network.
type NetworkStatus struct {
	Namespace string            `json:"namespace"`
	Network   string            `json:"network"`
	Hosts     int               `json:"hosts"`            // others whose names are taken over
	Names     int               `json:"names"`            // lines with names of theirs
	Beyond    int               `json:"beyond,omitempty"` // more of these than maxNames or 1 MiB: they are not in the hosts files of containers
	Refused   []cluster.Refusal `json:"refused,omitempty"`
}

// Age returns how long etcd has said nothing, and false if it never has.
func (s *Status) Age() (time.Duration, bool) { return sinceBoot() - s.LastWord, s.LastWord > 0 }

// Well reports whether etcd was there a TTL ago, and nothing is wrong.
func (s *Status) Well() bool {
	age, heard := s.Age()
	for _, n := range s.Networks {
		if len(n.Refused) > 0 || n.Beyond > 0 {
			return false
		}
	}
	return s.Ready && heard && age <= s.TTL && len(s.Faults) == 0
}

// ReadStatus returns what the service in a directory says, or last said.
func (d Dir) ReadStatus() (*Status, error) {
	var s Status
	return &s, d.read("status.json", &s)
}

// reporter tells systemd, the log and `status` how things are. A warning is logged once, until it has passed.
type reporter struct {
	*Agent
	changed signal

	mu       sync.Mutex
	count    int
	synced   bool // count is known
	networks map[cluster.Network]NetworkStatus
	kept     map[cluster.Network]NetworkStatus // what the service of before has left in the files
	faults   map[string]string                 // by subject
	said     map[string]bool                   // refusals
}

// newReporter goes on from what the service of before has said.
func newReporter(a *Agent, before *Status) *reporter {
	r := &reporter{
		Agent: a, changed: newSignal(), networks: map[cluster.Network]NetworkStatus{}, kept: map[cluster.Network]NetworkStatus{},
		faults: map[string]string{}, said: map[string]bool{},
	}
	for _, n := range before.Networks {
		n.Refused = nil // that is found out anew
		r.kept[cluster.Network{Namespace: n.Namespace, Name: n.Network}] = n
	}
	return r
}

// fault says what is wrong with a subject; nil for nothing.
func (r *reporter) fault(subject string, err error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	before, was := r.faults[subject]
	if err == nil {
		if was {
			delete(r.faults, subject)
			r.Logf("%s: well again", subject)
			r.changed.send()
		}
		return
	}
	if text := strings.ReplaceAll(err.Error(), "\n", "; "); text != before {
		r.faults[subject] = text
		r.Logf("warning: %s: %s", subject, text)
		r.changed.send()
	}
}

func (r *reporter) published(count int) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.count, r.synced = count, true
	r.changed.send()
}

// touch has the status written, for the time of the last word.
func (r *reporter) touch() { r.changed.send() }

// network says what is made of a network.
func (r *reporter) network(n config.Network, d cluster.Decision) {
	r.mu.Lock()
	defer r.mu.Unlock()
	s := NetworkStatus{Namespace: n.Namespace, Network: n.Name, Hosts: len(d.Imports), Names: d.Lines, Refused: d.Refused}
	if n.Files == config.FilesContainers {
		s.Beyond = d.Beyond
	}
	prefix := n.String() + " "
	now := map[string]bool{}
	for _, refusal := range d.Refused {
		key := prefix + refusal.Host + " " + string(refusal.Why)
		now[key] = true
		if !r.said[key] {
			r.Logf("warning: %v: %v", n.Network, refusal)
		}
	}
	if key := prefix + "beyond"; s.Beyond > 0 {
		now[key] = true
		if !r.said[key] {
			r.Logf("warning: %v: %d names, more than maxNames, %d, or 1 MiB: the youngest of the hosts that have most are in the network's own file only", n.Network, d.Lines, n.MaxNames)
		}
	}
	maps.DeleteFunc(r.said, func(key string, _ bool) bool { return strings.HasPrefix(key, prefix) && !now[key] })
	maps.Copy(r.said, now)
	r.networks[n.Network] = s
	r.changed.send()
}

// status returns how things are.
func (r *reporter) status() *Status {
	word, _ := r.contact.lastWord()
	reached := r.contact.reached()
	r.mu.Lock()
	defer r.mu.Unlock()
	s := &Status{Host: r.Config.Host, Version: r.Identity.Program, LastWord: word, TTL: r.Config.TTL, Cluster: reached.cluster, Revision: reached.revision, Ready: r.synced, Published: r.count}
	for _, n := range r.Config.Networks {
		status, ok := r.networks[n.Network]
		if !ok {
			s.Ready = false
			status = r.kept[n.Network]
			status.Namespace, status.Network = n.Namespace, n.Name
		}
		s.Networks = append(s.Networks, status)
	}
	for _, subject := range slices.Sorted(maps.Keys(r.faults)) {
		s.Faults = append(s.Faults, subject+": "+r.faults[subject])
	}
	return s
}

// readyWithin is when the service has started at the latest, although there is nothing to say yet.
const readyWithin = 5 * time.Second

// run writes the status when it has changed. The service has started, for systemd, when the status says how it stands: everything has been published and
// read, or something is in the way, such as that etcd does not answer.
func (r *reporter) run(ctx context.Context) {
	var last string
	latest := time.After(readyWithin)
	started := false
	for {
		s := r.status()
		if err := r.Dir.write("status.json", s, 0o644); err != nil {
			r.Logf("warning: status: %v", err)
		}
		line := fmt.Sprintf("%d containers published, %d faults", s.Published, len(s.Faults))
		if s.LastWord == 0 {
			line = "no word from etcd yet"
		}
		if line != last {
			last = line
			_, _ = daemon.SdNotify(false, "STATUS="+line)
		}
		if !started && (s.Ready || len(s.Faults) > 0 || latest == nil) && ctx.Err() == nil {
			started = true
			if _, err := daemon.SdNotify(false, daemon.SdNotifyReady); err != nil {
				r.Logf("systemd: %v", err)
			}
		}
		sleep(ctx, 100*time.Millisecond)
		select {
		case <-ctx.Done():
			return
		case <-r.changed:
		case <-latest:
			latest = nil
		}
	}
}
