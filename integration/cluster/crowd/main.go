// Command crowd plays many hosts, and many readers of what they say, towards a real etcd: for what one machine can have no hosts for.
package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	clientv3 "go.etcd.io/etcd/client/v3"
	"go.uber.org/zap"
)

func main() {
	if err := run(); err != nil {
		fmt.Fprintln(os.Stderr, "crowd:", err)
		os.Exit(1)
	}
}

// crowd is hosts s0, s1 and so on of a network, each with as many containers.
type crowd struct {
	client     *clientv3.Client
	prefix     string
	containers int
}

// key and value are those of a container.
func (c crowd) entry(host, container int) (key, value string) {
	key = fmt.Sprintf("%ss%d/c%dx%d/eth0", c.prefix, host, host, container)
	return key, fmt.Sprintf(`{"addresses":["10.%d.%d.%d"],"names":["c%dx%[5]d","c%[4]dx%[5]d.lab"]}`, 100+host>>8, host&255, container+1, host, container)
}

func run() error {
	endpoints := flag.String("endpoints", "", "of etcd, with commas")
	hosts := flag.Int("hosts", 100, "how many")
	containers := flag.Int("containers", 100, "of each host, at most 250")
	networks := flag.Int("networks", 1, "lab, lab1, lab2 and so on, over which the hosts are spread")
	watchers := flag.Int("watchers", 0, "readers of the first network")
	churn := flag.Duration("churn", 0, "how long to replace containers, as fast as etcd takes it")
	flag.Parse()
	client := func() (*clientv3.Client, error) {
		return clientv3.New(clientv3.Config{Endpoints: strings.Split(*endpoints, ","), Logger: zap.NewNop()})
	}
	ctx := context.Background()
	var crowds []crowd
	for i := range *networks {
		c, err := client()
		if err != nil {
			return err
		}
		name := "lab"
		if i > 0 {
			name = fmt.Sprint("lab", i)
		}
		crowds = append(crowds, crowd{c, "/etcfiles/1/default/" + name + "/", *containers})
	}
	begin := time.Now()
	for host := range *hosts {
		if err := crowds[host%len(crowds)].publish(ctx, host); err != nil {
			return err
		}
	}
	written := time.Since(begin)
	fmt.Printf("written %d %.3f %d\n", *hosts**containers, written.Seconds(), time.Now().UnixNano())
	if *churn == 0 {
		return nil
	}
	var heard atomic.Int64
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	for i := range *watchers {
		c := crowds[0].client
		if i%50 == 0 && i > 0 { // as many hosts have as many connections; some share one here, for this machine's sake
			var err error
			if c, err = client(); err != nil {
				return err
			}
		}
		events := c.Watch(ctx, crowds[0].prefix, clientv3.WithPrefix())
		go func() {
			for r := range events {
				heard.Add(int64(len(r.Events)))
			}
		}()
	}
	var changes, first atomic.Int64
	var wg sync.WaitGroup
	begin = time.Now()
	const writers = 16
	for writer := range writers {
		wg.Go(func() {
			for n := writer; time.Since(begin) < *churn; n += writers {
				host := n % *hosts
				c := crowds[host%len(crowds)]
				key, value := c.entry(host, n/(*hosts)%*containers)
				if _, err := c.client.Txn(ctx).Then(clientv3.OpDelete(key)).Commit(); err != nil {
					fmt.Fprintln(os.Stderr, err)
					return
				}
				if _, err := c.client.Put(ctx, key, value); err != nil {
					fmt.Fprintln(os.Stderr, err)
					return
				}
				changes.Add(2)
				if host%len(crowds) == 0 {
					first.Add(2)
				}
			}
		})
	}
	wg.Wait()
	took := time.Since(begin).Seconds()
	for deadline := time.Now().Add(20 * time.Second); heard.Load() < first.Load()*int64(*watchers) && time.Now().Before(deadline); {
		time.Sleep(10 * time.Millisecond)
	}
	fmt.Printf("changes %.0f/s deliveries %.0f/s missed %d\n", float64(changes.Load())/took, float64(heard.Load())/time.Since(begin).Seconds(), first.Load()*int64(*watchers)-heard.Load())
	return nil
}

// publish puts a host's record and containers, in transactions as the service has them.
func (c crowd) publish(ctx context.Context, host int) error {
	ops := []clientv3.Op{clientv3.OpPut(fmt.Sprintf("%ss%d/host", c.prefix, host),
		fmt.Sprintf(`{"machine":"m%d","ranges":["10.%d.%d.0/24"]}`, host, 100+host>>8, host&255))}
	for i := range c.containers {
		key, value := c.entry(host, i)
		ops = append(ops, clientv3.OpPut(key, value))
	}
	for len(ops) > 0 {
		n := min(len(ops), 100)
		if _, err := c.client.Txn(ctx).Then(ops[:n]...).Commit(); err != nil {
			return err
		}
		ops = ops[n:]
	}
	return nil
}
