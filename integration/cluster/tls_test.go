package cluster

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"math/big"
	"net"
	"path/filepath"
	"testing"
	"time"
)

// authority makes certificates, in a directory of a world.
type authority struct {
	t      *testing.T
	dir    string
	cert   *x509.Certificate
	key    *ecdsa.PrivateKey
	serial int64
}

// withTLS gives a world an authority, a certificate for etcd and one for each of the names.
func withTLS(names ...string) func(*world) {
	return func(w *world) {
		w.tls = &authority{t: w.t, dir: filepath.Join(w.dir, "tls")}
		w.tls.renew(append(names, "etcd", "root")...)
	}
}

// renew makes the authority anew, and certificates of it.
func (a *authority) renew(names ...string) {
	a.t.Helper()
	a.key, a.cert = nil, &x509.Certificate{IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign}
	a.make("ca", a.cert, time.Hour)
	for _, name := range names {
		c := &x509.Certificate{}
		if name == "etcd" {
			c.IPAddresses = []net.IP{net.IPv4(127, 0, 0, 1), net.IPv4(10, 231, 250, 11), net.IPv4(10, 231, 250, 12), net.IPv4(10, 231, 250, 13)}
		}
		a.make(name, c, time.Hour)
	}
}

func (a *authority) file(name string) string { return filepath.Join(a.dir, name) }

// make makes a certificate that is good for a time.
func (a *authority) make(name string, c *x509.Certificate, good time.Duration) {
	a.t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		a.t.Fatal(err)
	}
	if a.key == nil {
		a.key = key
	}
	a.serial++
	c.SerialNumber, c.Subject = big.NewInt(a.serial), pkix.Name{CommonName: name}
	c.NotBefore, c.NotAfter = time.Now().Add(-time.Minute), time.Now().Add(good)
	c.ExtKeyUsage = []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth, x509.ExtKeyUsageServerAuth}
	der, err := x509.CreateCertificate(rand.Reader, c, a.cert, &key.PublicKey, a.key)
	if err != nil {
		a.t.Fatal(err)
	}
	secret, err := x509.MarshalECPrivateKey(key)
	if err != nil {
		a.t.Fatal(err)
	}
	write(a.t, a.file(name+".crt"), string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})))
	write(a.t, a.file(name+".key"), string(pem.EncodeToMemory(&pem.Block{Type: "EC PRIVATE KEY", Bytes: secret})))
}
