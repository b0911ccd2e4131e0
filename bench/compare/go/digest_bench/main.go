// SPDX-License-Identifier: MIT

// The SHA-256 of every regular file under a directory, sorted by path: the same
// pipeline as examples/digest.c.
package main

import (
	"bufio"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"sort"
	"strings"
	"sync"
)

type entry struct {
	path string
	sum  [sha256.Size]byte
	err  error
}

func walk(root string, jobs chan<- *entry, results chan<- *entry) {
	filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			results <- &entry{path: path, err: err}
		} else if d.Type().IsRegular() {
			jobs <- &entry{path: path}
		}
		return nil
	})
	close(jobs)
}

func hashFile(e *entry, buffer []byte) error {
	f, err := os.Open(e.path)
	if err != nil {
		return err
	}
	defer f.Close()
	h := sha256.New()
	for {
		n, err := f.Read(buffer)
		h.Write(buffer[:n])
		if err == io.EOF {
			h.Sum(e.sum[:0])
			return nil
		}
		if err != nil {
			return err
		}
	}
}

func hashFiles(jobs <-chan *entry, results chan<- *entry, wg *sync.WaitGroup) {
	buffer := make([]byte, 256*1024)
	for e := range jobs {
		e.err = hashFile(e, buffer)
		results <- e
	}
	wg.Done()
}

var escape = strings.NewReplacer("\\", "\\\\", "\n", "\\n", "\r", "\\r")

func main() {
	if len(os.Args) != 2 {
		fmt.Fprintln(os.Stderr, "usage: digest_bench DIR")
		os.Exit(2)
	}
	jobs := make(chan *entry, 128)
	results := make(chan *entry, 128)
	var walking, hashing sync.WaitGroup
	for i := 0; i < 2*runtime.GOMAXPROCS(0)+2; i++ {
		hashing.Add(1)
		go hashFiles(jobs, results, &hashing)
	}
	walking.Add(1)
	go func() {
		walk(os.Args[1], jobs, results)
		walking.Done()
	}()
	go func() {
		walking.Wait()
		hashing.Wait()
		close(results)
	}()

	var list []*entry
	for e := range results {
		if e.err != nil {
			fmt.Fprintf(os.Stderr, "digest: %v\n", e.err)
		} else {
			list = append(list, e)
		}
	}
	sort.Slice(list, func(i, j int) bool { return list[i].path < list[j].path })
	out := bufio.NewWriter(os.Stdout)
	for _, e := range list {
		name := escape.Replace(e.path)
		if name != e.path {
			out.WriteByte('\\')
		}
		out.WriteString(hex.EncodeToString(e.sum[:]))
		out.WriteString("  ")
		out.WriteString(name)
		out.WriteByte('\n')
	}
	if err := out.Flush(); err != nil {
		fmt.Fprintf(os.Stderr, "digest: %v\n", err)
		os.Exit(1)
	}
}
