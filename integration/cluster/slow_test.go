package cluster

import (
	"io"
	"net"
	"os"
	"time"
)

// slow is a program that passes on what comes to its first argument to its second, each piece after the time of the third.
func slow() error {
	delay, err := time.ParseDuration(os.Args[3])
	if err != nil {
		return err
	}
	l, err := net.Listen("tcp", os.Args[1])
	if err != nil {
		return err
	}
	for {
		c, err := l.Accept()
		if err != nil {
			return err
		}
		go func() {
			defer c.Close()
			d, err := net.Dial("tcp", os.Args[2])
			if err != nil {
				return
			}
			defer d.Close()
			go later(d, c, delay)
			later(c, d, delay)
		}()
	}
}

// later copies, each piece after a time that does not add up.
func later(to io.WriteCloser, from io.Reader, delay time.Duration) {
	type piece struct {
		data []byte
		due  time.Time
	}
	pieces := make(chan piece, 1000)
	go func() {
		defer to.Close()
		for p := range pieces {
			time.Sleep(time.Until(p.due))
			if _, err := to.Write(p.data); err != nil {
				return
			}
		}
	}()
	defer close(pieces)
	for {
		buffer := make([]byte, 32<<10)
		n, err := from.Read(buffer)
		if n > 0 {
			pieces <- piece{buffer[:n], time.Now().Add(delay)}
		}
		if err != nil {
			return
		}
	}
}
