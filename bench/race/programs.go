// SPDX-License-Identifier: MIT

// Six programs to weigh -race with; programs.c has the same ones in C.
package main

import (
	"crypto/sha256"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"time"
)

// ---- ping-pong: two goroutines, one value at a time

func pingpong(n int) int64 {
	there, back := make(chan int32), make(chan int32)
	var sum int64
	var wg sync.WaitGroup
	wg.Add(1)
	go func() {
		defer wg.Done()
		for v := range there {
			back <- v + 1
		}
	}()
	for i := 0; i < n; i++ {
		there <- int32(i)
		sum += int64(<-back)
	}
	close(there)
	wg.Wait()
	return sum
}

// ---- producers and consumers: four of each on one buffered channel

func prodcons(n int) int64 {
	c := make(chan int32, 128)
	var producers, consumers sync.WaitGroup
	var sums [4]int64
	for i := 0; i < 4; i++ {
		producers.Add(1)
		go func() {
			defer producers.Done()
			for i := 0; i < n/4; i++ {
				c <- int32(i)
			}
		}()
		consumers.Add(1)
		go func() {
			defer consumers.Done()
			var sum int64
			for v := range c {
				sum += int64(v)
			}
			sums[i] = sum
		}()
	}
	producers.Wait()
	close(c)
	consumers.Wait()
	return sums[0] + sums[1] + sums[2] + sums[3]
}

// ---- mutex: eight goroutines count in a table under one lock

type table struct {
	mu     sync.Mutex
	counts [64]int64
}

func mutex(n int) int64 {
	var t table
	var wg sync.WaitGroup
	for i := 0; i < 8; i++ {
		wg.Add(1)
		go func() {
			defer wg.Done()
			for i := 0; i < n/8; i++ {
				t.mu.Lock()
				t.counts[i&63] += int64(i)
				t.mu.Unlock()
			}
		}()
	}
	wg.Wait()
	var sum int64
	for _, v := range t.counts {
		sum += v
	}
	return sum
}

// ---- sieve: a chain of filters, one a prime

func sieve(n int) int64 {
	first := make(chan int32, 1)
	var wg sync.WaitGroup
	wg.Add(1)
	go func() {
		defer wg.Done()
		for i := 2; i < n; i++ {
			first <- int32(i)
		}
		close(first)
	}()
	c := first
	var sum int64
	for {
		prime, ok := <-c
		if !ok {
			break
		}
		sum += int64(prime)
		in, out := c, make(chan int32, 1)
		wg.Add(1)
		go func() {
			defer wg.Done()
			for v := range in {
				if v%prime != 0 {
					out <- v
				}
			}
			close(out)
		}()
		c = out
	}
	wg.Wait()
	return sum
}

// ---- files

func readFile(path string) []byte {
	text, err := os.ReadFile(path)
	if err != nil {
		panic(err)
	}
	return text
}

func listFiles(out chan string, folder string, times int) {
	for i := 0; i < times; i++ {
		entries, err := os.ReadDir(folder)
		if err != nil {
			panic(err)
		}
		for _, e := range entries {
			if e.Name()[0] != '.' {
				out <- filepath.Join(folder, e.Name())
			}
		}
	}
	close(out)
}

// ---- map-reduce: how often each two-letter beginning of a word occurs

const kinds = 26 * 26

type counts [kinds]int64

func kindOf(a, b byte) int {
	x, y := int(a)-'a', int(b)-'a'
	if x >= 0 && x < 26 && y >= 0 && y < 26 {
		return x*26 + y
	}
	return -1
}

func mapreduce(n int, folder string) int64 {
	names, results := make(chan string, 16), make(chan *counts, 16)
	var wg sync.WaitGroup
	for i := 0; i < 4; i++ {
		wg.Add(1)
		go func() {
			defer wg.Done()
			for path := range names {
				text := readFile(path)
				c := new(counts)
				inside := false
				for i := 0; i+1 < len(text); i++ {
					letter := text[i] != ' ' && text[i] != '\n'
					if letter && !inside {
						if k := kindOf(text[i], text[i+1]); k >= 0 {
							c[k]++
						}
					}
					inside = letter
				}
				results <- c
			}
		}()
	}
	go func() {
		wg.Wait()
		close(results)
	}()
	go listFiles(names, folder, n)
	var total counts
	for c := range results {
		for i := range total {
			total[i] += c[i]
		}
	}
	var sum int64
	for i, v := range total {
		sum += v * int64(i)
	}
	return sum
}

// ---- digest: the SHA-256 of each file

func digest(n int, folder string) int64 {
	names, results := make(chan string, 128), make(chan int64, 128)
	var wg sync.WaitGroup
	for i := 0; i < 4; i++ {
		wg.Add(1)
		go func() {
			defer wg.Done()
			for path := range names {
				sum := sha256.Sum256(readFile(path))
				var first int64
				for i := 0; i < 7; i++ {
					first = first<<8 | int64(sum[i])
				}
				results <- first
			}
		}()
	}
	go func() {
		wg.Wait()
		close(results)
	}()
	go listFiles(names, folder, n)
	var all int64
	for v := range results {
		all += v
	}
	return all
}

// peakKb is the peak of the memory in use; the file counts from the start of the program.
func peakKb() (kb int64) {
	text, _ := os.ReadFile("/proc/self/status")
	if _, after, ok := strings.Cut(string(text), "VmHWM:"); ok {
		fmt.Sscan(after, &kb)
	}
	return kb
}

func main() {
	if len(os.Args) < 3 {
		os.Exit(2)
	}
	row, folder := os.Args[1], "."
	n, _ := strconv.Atoi(os.Args[2])
	if len(os.Args) > 3 {
		folder = os.Args[3]
	}
	start := time.Now()
	var result int64
	switch row {
	case "pingpong":
		result = pingpong(n)
	case "prodcons":
		result = prodcons(n)
	case "mutex":
		result = mutex(n)
	case "sieve":
		result = sieve(n)
	case "mapreduce":
		result = mapreduce(n, folder)
	case "digest":
		result = digest(n, folder)
	default:
		os.Exit(2)
	}
	took := time.Since(start).Nanoseconds()
	fmt.Printf("%s checksum %d ns %d kb %d\n", row, result, took, peakKb())
}
