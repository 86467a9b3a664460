package dns

import (
	"fmt"
	"net"
	"runtime"
	"testing"

	"github.com/miekg/dns"
	"golang.org/x/sys/unix"
)

// elsewhere are the names that the nameserver of a machine knows of.
var elsewhere = map[string]string{"outside.example.": "192.0.2.80", "stray.": "192.0.2.81", "stray.lab.": "192.0.2.82"}

// serveElsewhere is the nameserver of the machine. That another name does not exist may be remembered for an hour.
func (m *machine) serveElsewhere() {
	m.t.Helper()
	connection, err := m.listen("127.0.0.1:53")
	if err != nil {
		m.t.Fatal(err)
	}
	server := &dns.Server{PacketConn: connection, Handler: dns.HandlerFunc(func(w dns.ResponseWriter, question *dns.Msg) {
		answer := new(dns.Msg).SetReply(question)
		answer.RecursionAvailable = true // otherwise dnsmasq remembers nothing
		switch address, known := elsewhere[question.Question[0].Name]; {
		case !known:
			answer.Rcode = dns.RcodeNameError
			answer.Ns = []dns.RR{record(m.t, ". 3600 IN SOA ns.example. root.example. 1 3600 3600 3600 3600")}
		case question.Question[0].Qtype == dns.TypeA:
			answer.Answer = []dns.RR{record(m.t, question.Question[0].Name+" 3600 IN A "+address)}
		}
		_ = w.WriteMsg(answer)
	})}
	ended := make(chan error, 1)
	started := make(chan struct{})
	server.NotifyStartedFunc = func() { close(started) }
	go func() { ended <- server.ActivateAndServe() }()
	<-started
	m.t.Cleanup(func() {
		_ = server.Shutdown()
		<-ended
	})
}

func record(t *testing.T, text string) dns.RR {
	rr, err := dns.NewRR(text)
	if err != nil {
		t.Error(err)
	}
	return rr
}

// listen opens a UDP socket in the network namespace of the machine.
func (m *machine) listen(address string) (connection net.PacketConn, err error) {
	done := make(chan struct{})
	go func() {
		defer close(done)
		runtime.LockOSThread() // and never unlocked: the thread ends with the goroutine
		var netns int
		if netns, err = unix.Open(fmt.Sprintf("/proc/%d/ns/net", m.holder), unix.O_RDONLY|unix.O_CLOEXEC, 0); err != nil {
			return
		}
		defer unix.Close(netns)
		if err = unix.Setns(netns, unix.CLONE_NEWNET); err == nil {
			connection, err = net.ListenPacket("udp", address)
		}
	}()
	<-done
	return connection, err
}
