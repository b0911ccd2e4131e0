// SPDX-License-Identifier: MIT

// The servers of bench/net in Go; see ../weft_net.c.
package main

import (
	"bytes"
	"fmt"
	"io"
	"net"
	"os"
	"strconv"
	"sync"
	"time"
)

func echo(c net.Conn) {
	defer c.Close()
	buf := make([]byte, 4096)
	for {
		n, err := c.Read(buf)
		if err != nil {
			return
		}
		if _, err := c.Write(buf[:n]); err != nil {
			return
		}
	}
}

var (
	lock  sync.RWMutex
	store = map[string][]byte{}
)

// number reads "*3\r\n" at p; the position after it, or -1 when more is needed.
func number(in []byte, p int) (int, int) {
	eol := bytes.IndexByte(in[p:], '\n')
	if eol < 0 {
		return 0, -1
	}
	n, _ := strconv.Atoi(string(bytes.TrimRight(in[p+1:p+eol], "\r")))
	return n, p + eol + 1
}

// parse takes one request: its length, 0 when more is needed, -1 when it is none.
func parse(in []byte, args [][]byte) (int, [][]byte) {
	if len(in) == 0 {
		return 0, nil
	}
	if in[0] != '*' {
		eol := bytes.IndexByte(in, '\n')
		if eol < 0 {
			return 0, nil
		}
		return eol + 1, append(args, bytes.TrimRight(in[:eol], "\r"))
	}
	n, p := number(in, 0)
	if p < 0 {
		return 0, nil
	}
	if n < 1 || n > 8 {
		return -1, nil
	}
	for i := 0; i < n; i++ {
		if p == len(in) {
			return 0, nil
		}
		size, q := number(in, p)
		if q < 0 || len(in)-q < size+2 {
			return 0, nil
		}
		if size < 0 || size > 16384 {
			return -1, nil
		}
		args = append(args, in[q:q+size])
		p = q + size + 2
	}
	return p, args
}

func is(a []byte, word string) bool {
	return len(a) == len(word) && bytes.EqualFold(a, []byte(word))
}

func answer(out []byte, args [][]byte) []byte {
	switch {
	case is(args[0], "PING"):
		return append(out, "+PONG\r\n"...)
	case is(args[0], "SET") && len(args) >= 3:
		value := append([]byte(nil), args[2]...)
		lock.Lock()
		store[string(args[1])] = value
		lock.Unlock()
		return append(out, "+OK\r\n"...)
	case is(args[0], "GET") && len(args) == 2:
		lock.RLock()
		value, ok := store[string(args[1])]
		lock.RUnlock()
		if !ok {
			return append(out, "$-1\r\n"...)
		}
		out = append(out, '$')
		out = strconv.AppendInt(out, int64(len(value)), 10)
		out = append(out, "\r\n"...)
		out = append(out, value...)
		return append(out, "\r\n"...)
	case is(args[0], "CONFIG"):
		return append(out, "*0\r\n"...)
	}
	return append(out, "-ERR unknown command\r\n"...)
}

func redis(c net.Conn) {
	defer c.Close()
	in := make([]byte, 16384)
	out := make([]byte, 0, 32768)
	var space [8][]byte
	have := 0
	for {
		n, err := c.Read(in[have:])
		if err != nil {
			return
		}
		have += n
		used := 0
		out = out[:0]
		size := 0
		for len(out) < 16384-64 {
			var args [][]byte
			size, args = parse(in[used:have], space[:0])
			if size <= 0 {
				break
			}
			used += size
			out = answer(out, args)
		}
		copy(in, in[used:have])
		have -= used
		if len(out) > 0 {
			if _, err := c.Write(out); err != nil {
				return
			}
		}
		if size < 0 || have == len(in) {
			return
		}
	}
}

func dial(count int) {
	server, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		panic(err)
	}
	go func() {
		for {
			c, err := server.Accept()
			if err != nil {
				return
			}
			c.Close()
		}
	}()
	start := time.Now()
	var b [1]byte
	for i := 0; i < count; i++ {
		c, err := net.Dial("tcp", server.Addr().String())
		if err != nil {
			panic(err)
		}
		if _, err := c.Read(b[:]); err != io.EOF {
			panic(err)
		}
		c.Close()
	}
	fmt.Printf("%.0f\n", float64(count)/time.Since(start).Seconds())
}

func main() {
	if len(os.Args) != 3 {
		os.Exit(2)
	}
	if os.Args[1] == "dial" {
		n, _ := strconv.Atoi(os.Args[2])
		dial(n)
		return
	}
	serve := echo
	if os.Args[1] == "redis" {
		serve = redis
	}
	server, err := net.Listen("tcp", os.Args[2])
	if err != nil {
		panic(err)
	}
	for {
		c, err := server.Accept()
		if err != nil {
			panic(err)
		}
		go serve(c)
	}
}
