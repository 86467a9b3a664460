package command

import (
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"time"

	clientv3 "go.etcd.io/etcd/client/v3"
	"go.uber.org/zap"
	"google.golang.org/grpc"
	"google.golang.org/grpc/backoff"

	"github.com/etcfiles/etcfiles/pkg/safefile"
	"github.com/etcfiles/etcfiles/plugins/etcd/etcfiles-etcd/agent"
	"github.com/etcfiles/etcfiles/plugins/etcd/etcfiles-etcd/config"
)

const (
	maxPEM    = 1 << 20  // bytes of a file
	maxAnswer = 32 << 20 // bytes of an answer: more is asked for in smaller pages
)

// connect returns a client of etcd, which connects when it is used.
func connect(c *config.Config) (*agent.Client, error) {
	return agent.NewClient(clientv3.Config{
		Endpoints: c.Endpoints, Logger: zap.NewNop(), MaxCallRecvMsgSize: maxAnswer,
		// A watch to a machine that has vanished says nothing; etcd closes connections that are tried oftener than every 5 seconds.
		DialKeepAliveTime: 10 * time.Second, DialKeepAliveTimeout: 3 * time.Second,
		DialOptions: []grpc.DialOption{grpc.WithConnectParams(grpc.ConnectParams{
			// By default it is two minutes, for which names would be missing after etcd has come back.
			Backoff: backoff.Config{BaseDelay: 100 * time.Millisecond, Multiplier: 1.6, Jitter: 0.3, MaxDelay: time.Second}, MinConnectTimeout: 3 * time.Second,
		})},
	}, func() (*tls.Config, error) { return transport(c) })
}

// transport returns the settings of TLS, as the files are now.
func transport(c *config.Config) (*tls.Config, error) {
	settings := &tls.Config{MinVersion: tls.VersionTLS12}
	if c.CA != "" {
		text, err := safefile.ReadLinked(c.CA, maxPEM)
		if err != nil {
			return nil, c.Wrong("ca", err)
		}
		settings.RootCAs = x509.NewCertPool()
		if !settings.RootCAs.AppendCertsFromPEM(text) {
			return nil, c.Wrong("ca", fmt.Errorf("no certificate in %s: want PEM", c.CA))
		}
	}
	if c.Cert == "" {
		return settings, nil
	}
	own, err := pair(c)
	if err != nil {
		return nil, err
	}
	// Not Certificates, of which none is sent where etcd does not know its authority.
	settings.GetClientCertificate = func(*tls.CertificateRequestInfo) (*tls.Certificate, error) { return own, nil }
	return settings, nil
}

// pair reads the certificate of this host.
func pair(c *config.Config) (*tls.Certificate, error) {
	cert, err := safefile.ReadLinked(c.Cert, maxPEM)
	if err != nil {
		return nil, c.Wrong("cert", err)
	}
	key, err := safefile.ReadLinked(c.Key, maxPEM)
	if err != nil {
		return nil, c.Wrong("key", err)
	}
	pair, err := tls.X509KeyPair(cert, key)
	if err != nil {
		return nil, c.Wrong("cert", fmt.Errorf("%s with the key %s: %w", c.Cert, c.Key, err))
	}
	return &pair, nil
}
