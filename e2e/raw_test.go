package e2e

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"net"
	"net/http"
	"sync"
	"time"
)

// request is one that no browser and no library would send: its target goes onto
// the wire byte by byte.
type request struct {
	method, target string
	header         string // further lines, each with its end
}

func (r request) String() string { return fmt.Sprintf("%s %q %q", r.method, r.target, r.header) }

func (r request) bytes() []byte {
	return []byte(r.method + " " + r.target + " HTTP/1.1\r\nHost: localhost\r\nSec-Fetch-Mode: cors\r\n" + r.header + "\r\n")
}

// pipelined says whether others may follow on the same connection before the
// reply is there: CONNECT would turn it into a tunnel.
func (r request) pipelined() bool { return r.method == http.MethodGet }

// reply is what a server said; the status is 0 if it said nothing.
type reply struct {
	status int
	body   []byte
}

func (a reply) holds(marker string) bool { return bytes.Contains(a.body, []byte(marker)) }

// batchLimit is how long the answers to a batch of requests may take.
const batchLimit = 5 * time.Second

// askAll sends the requests to an address, batch by batch, and returns the answers
// in their order. A batch is what is sent before an answer is read: Caddy answers
// in turn, while Node sends its 400 before the answers to what came earlier.
func askAll(address string, requests []request, askers, batch int) []reply {
	answers := make([]reply, len(requests))
	size := (len(requests) + askers - 1) / askers
	var wg sync.WaitGroup
	for from := 0; from < len(requests); from += size {
		to := min(from+size, len(requests))
		wg.Go(func() { askInTurn(address, requests[from:to], answers[from:to], batch) })
	}
	wg.Wait()
	return answers
}

// askInTurn sends requests in batches. A server that closes the connection after
// one of them is asked the rest on the next; one that says nothing at all to the
// first of a connection has answered that.
func askInTurn(address string, requests []request, answers []reply, batch int) {
	for len(requests) > 0 {
		n := askConnection(address, requests, answers, batch)
		n = max(n, 1)
		requests, answers = requests[n:], answers[n:]
	}
}

// askConnection asks as much as one connection bears, and returns how much that was.
func askConnection(address string, requests []request, answers []reply, batch int) (done int) {
	conn, err := net.DialTimeout("tcp", address, batchLimit)
	if err != nil {
		return 0
	}
	defer conn.Close()
	reader := bufio.NewReader(conn)
	for done < len(requests) {
		n := batchOf(requests[done:], batch)
		_ = conn.SetDeadline(time.Now().Add(batchLimit))
		go writeAll(conn, requests[done:done+n])
		for range n {
			open := false
			if answers[done], open = readAnswer(reader); answers[done].status == 0 {
				return done
			}
			if done++; !open {
				return done
			}
		}
	}
	return done
}

// batchOf says how many of the requests may be sent at once.
func batchOf(requests []request, most int) int {
	n := 0
	for n < len(requests) && n < most && requests[n].pipelined() {
		n++
	}
	return max(n, 1)
}

func writeAll(w io.Writer, requests []request) {
	var b []byte
	for _, r := range requests {
		b = append(b, r.bytes()...)
	}
	_, _ = w.Write(b) // who is not heard gets no answer
}

// readAnswer reads one answer, and says whether another may follow.
func readAnswer(r *bufio.Reader) (a reply, open bool) {
	res, err := http.ReadResponse(r, nil)
	if err != nil {
		return reply{}, false
	}
	defer res.Body.Close()
	body, err := io.ReadAll(io.LimitReader(res.Body, 1<<20))
	return reply{res.StatusCode, body}, err == nil && !res.Close
}

// ask sends one request on a connection of its own.
func ask(address string, r request) reply {
	answers := make([]reply, 1)
	askConnection(address, []request{r}, answers, 1)
	return answers[0]
}
