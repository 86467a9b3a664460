package agent

import (
	"context"
	"errors"

	"go.etcd.io/etcd/api/v3/etcdserverpb"
	clientv3 "go.etcd.io/etcd/client/v3"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
)

// Page sizes of a list, in keys.
const (
	firstPage = 500
	leastPage = 15 // that many of the largest values that etcd takes are one answer that the client takes
)

// list reads all keys with a prefix, in pages of one revision, which it returns.
func list(ctx context.Context, client *Client, ask func(context.Context, request) error, prefix string, note func(key string, value []byte, created, modified, lease int64)) (int64, error) {
	next, end, page := prefix, clientv3.GetPrefixRangeEnd(prefix), int64(firstPage)
	var revision int64
	for {
		var r *clientv3.GetResponse
		err := ask(ctx, func(ctx context.Context) (*etcdserverpb.ResponseHeader, error) {
			var err error
			if r, err = client.Get(ctx, next, clientv3.WithRange(end), clientv3.WithLimit(page), clientv3.WithRev(revision)); err != nil {
				return nil, err
			}
			return r.Header, nil
		})
		if tooLarge(err) && page > leastPage {
			page = max(page/4, leastPage)
			continue
		}
		if err != nil {
			return 0, err
		}
		if revision == 0 {
			revision = r.Header.Revision
		}
		for _, kv := range r.Kvs {
			note(string(kv.Key), kv.Value, kv.CreateRevision, kv.ModRevision, kv.Lease)
		}
		if !r.More || len(r.Kvs) == 0 {
			return revision, nil
		}
		next = string(r.Kvs[len(r.Kvs)-1].Key) + "\x00"
	}
}

// tooLarge reports whether an answer was larger than is taken.
func tooLarge(err error) bool {
	var s interface{ GRPCStatus() *status.Status }
	return errors.As(err, &s) && s.GRPCStatus().Code() == codes.ResourceExhausted
}

// List calls note for each key with a prefix.
func List(ctx context.Context, client *Client, prefix string, note func(key string, value []byte, created int64)) error {
	_, err := list(ctx, client, func(ctx context.Context, r request) error {
		_, err := client.ask(ctx, r)
		return err
	}, prefix, func(key string, value []byte, created, _, _ int64) { note(key, value, created) })
	return err
}

// Revoke takes a lease, and with it all of its keys, out of etcd. One that has expired is no error.
func Revoke(ctx context.Context, client *Client, lease int64) error {
	_, err := client.ask(ctx, func(ctx context.Context) (*etcdserverpb.ResponseHeader, error) {
		r, err := client.Revoke(ctx, clientv3.LeaseID(lease))
		if err != nil {
			return nil, err
		}
		return r.Header, nil
	})
	if lost(err) {
		return nil
	}
	return err
}
