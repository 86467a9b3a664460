package agent

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"strings"
	"sync"
	"time"

	"go.etcd.io/etcd/api/v3/etcdserverpb"
	clientv3 "go.etcd.io/etcd/client/v3"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials"
)

// Client is a client of etcd that knows why a connection has failed. clientv3 says of one only that the time is over.
type Client struct {
	*clientv3.Client
	handshakes *handshakes
}

// NewClient returns a client, which connects when it is used. The settings of TLS are asked for at each connection: certificates may have been renewed.
func NewClient(c clientv3.Config, settings func() (*tls.Config, error)) (*Client, error) {
	h := &handshakes{}
	if strings.HasPrefix(c.Endpoints[0], "https:") { // clientv3 goes by the first one too
		first, err := settings()
		if err != nil {
			return nil, err
		}
		c.TLS = first
		c.DialOptions = append(c.DialOptions, grpc.WithTransportCredentials(&heard{credentials.NewTLS(first), settings, h}))
	}
	client, err := clientv3.New(c)
	if err != nil {
		return nil, err
	}
	return &Client{client, h}, nil
}

// request is one request to etcd, which has an answer with a header.
type request func(context.Context) (*etcdserverpb.ResponseHeader, error)

// ask sends a request.
func (c *Client) ask(ctx context.Context, r request) (*etcdserverpb.ResponseHeader, error) {
	ctx, cancel := context.WithTimeout(ctx, requestTimeout)
	defer cancel()
	header, err := r(ctx)
	if err != nil {
		return nil, c.explain(err)
	}
	return header, nil
}

// explain is explain, with why no connection came about, if that is why there was no answer.
func (c *Client) explain(err error) error {
	err = explain(err)
	if why := c.handshakes.failed(); why != nil && errors.Is(err, errSilent) {
		return fmt.Errorf("%w: %w", err, why)
	}
	return err
}

// handshakes remembers how the last handshake of TLS has ended.
type handshakes struct {
	mu   sync.Mutex
	err  error
	when time.Time
}

// lastHandshake is for how long a failure explains silence: longer than the wait for the next attempt, which is another.
const lastHandshake = 5 * time.Second

func (h *handshakes) note(err error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.err, h.when = err, time.Now()
}

func (h *handshakes) failed() error {
	h.mu.Lock()
	defer h.mu.Unlock()
	if time.Since(h.when) > lastHandshake {
		return nil
	}
	return h.err
}

// heard are credentials whose handshakes are noted, each with the settings of its time.
type heard struct {
	credentials.TransportCredentials
	settings func() (*tls.Config, error)
	*handshakes
}

func (c *heard) ClientHandshake(ctx context.Context, authority string, raw net.Conn) (net.Conn, credentials.AuthInfo, error) {
	settings, err := c.settings()
	if err != nil {
		c.note(err)
		return nil, nil, err
	}
	conn, info, err := credentials.NewTLS(settings).ClientHandshake(ctx, authority, raw)
	if err != nil {
		if ctx.Err() == nil {
			c.note(err)
		}
		return nil, nil, err
	}
	return &heardConn{Conn: conn, handshakes: c.handshakes}, info, nil
}

func (c *heard) Clone() credentials.TransportCredentials {
	return &heard{c.TransportCredentials.Clone(), c.settings, c.handshakes}
}

// heardConn is a connection of which the first answer is noted: in TLS 1.3 the other side refuses a certificate only after the handshake.
type heardConn struct {
	net.Conn
	*handshakes
	answered bool
}

func (c *heardConn) Read(b []byte) (int, error) {
	n, err := c.Conn.Read(b)
	if c.answered {
		return n, err
	}
	var alert *net.OpError
	switch {
	case n > 0:
		c.answered = true
		c.note(nil)
	case errors.As(err, &alert) && alert.Op == "remote error": // the name that crypto/tls gives it
		c.note(err)
	}
	return n, err
}
