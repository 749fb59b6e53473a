package site_test

import (
	"bufio"
	"bytes"
	"errors"
	"io"
	"net"
	"net/http"
	"os"
	"strconv"
	"testing"
	"time"

	"github.com/caddy-proconnect/caddy-proconnect/internal/caddytest"
	"github.com/caddy-proconnect/caddy-proconnect/internal/waits"
)

const bodySites = `
http://localhost:{$PORT} {
	proconnect {
		allow any
	}
	respond "inside"
}
http://caddy.localhost:{$PORT} {
	proconnect {
		allow siren 130025265
		errors caddy
	}
	respond "inside"
	handle_errors {
		respond "refused {err.status_code}" {err.status_code}
	}
}`

// sender is a browser that sends all of a form before it looks at the answer, as
// Firefox does.
type sender struct {
	t    *testing.T
	conn net.Conn
	in   *bufio.Reader
}

// behindProxy are sites behind a proxy that is trusted to tell who asks.
func behindProxy(t *testing.T, sites string) *caddytest.Server {
	t.Helper()
	return caddytest.Start(t, caddytest.NewProvider(t).Option()+"\n servers {\n trusted_proxies static 127.0.0.1/32\n }", sites)
}

// patient has forms waited for longer than these tests wait for an answer: what is answered
// before that does not wait for the rest of a form.
func patient(t *testing.T) {
	t.Helper()
	caddytest.Shorten(t, &waits.Body, time.Hour)
}

// postForm begins a form of a person who is not logged in, from an address that a proxy
// tells. A length below 0 is not told. Headers take the place of those of a navigation.
func postForm(s *caddytest.Server, t *testing.T, from string, length int, headers ...string) *sender {
	t.Helper()
	return postWith(s, t, from, length, "", headers...)
}

// postWith sends the first part of a form with its headers: it is there when they are read.
func postWith(s *caddytest.Server, t *testing.T, from string, length int, part string, headers ...string) *sender {
	t.Helper()
	dialer := net.Dialer{Timeout: 10 * time.Second}
	conn, err := dialer.DialContext(t.Context(), "tcp", caddytest.Loopback+":"+s.Port)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	if err := conn.SetDeadline(time.Now().Add(time.Minute)); err != nil {
		t.Fatal(err)
	}
	head := map[string]string{
		"Host": "localhost:" + s.Port, "Accept": "text/html", "Sec-Fetch-Mode": "navigate", "Sec-Fetch-Dest": "document",
		"X-Forwarded-For": from,
	}
	if length < 0 {
		head["Transfer-Encoding"] = "chunked"
	} else {
		head["Content-Length"] = strconv.Itoa(length)
	}
	target := "/form"
	for i := 0; i+1 < len(headers); i += 2 {
		if headers[i] == "" {
			target = headers[i+1]
			continue
		}
		head[headers[i]] = headers[i+1]
	}
	text := "POST " + target + " HTTP/1.1\r\n"
	for name, value := range head {
		text += name + ": " + value + "\r\n"
	}
	p := &sender{t, conn, bufio.NewReader(conn)}
	p.write([]byte(text + "\r\n" + part))
	return p
}

func (p *sender) write(b []byte) {
	p.t.Helper()
	if _, err := p.conn.Write(b); err != nil {
		p.t.Errorf("the connection is reset while the form is sent: %v", err)
	}
}

// page reads the answer to its end.
func (p *sender) page() caddytest.Answer {
	p.t.Helper()
	resp, err := http.ReadResponse(p.in, &http.Request{Method: http.MethodPost})
	if err != nil {
		p.t.Errorf("no answer: %v", err)
		return caddytest.Answer{Response: new(http.Response)}
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	if err != nil {
		p.t.Errorf("the answer is cut short: %v", err)
	}
	return caddytest.Answer{Response: resp, Text: string(text)}
}

// lost checks that an answer is the page that says what to do about a form.
func (p *sender) lost(a caddytest.Answer, closes bool) {
	p.t.Helper()
	if a.StatusCode != http.StatusUnauthorized || a.Page() != "form-lost" {
		p.t.Errorf("got %d, page %q", a.StatusCode, a.Page())
	}
	if a.Close != closes {
		p.t.Errorf("the connection ends: %v, want %v", a.Close, closes)
	}
	if closes {
		_ = p.conn.SetDeadline(time.Now().Add(time.Minute))
		if _, err := p.in.ReadByte(); errors.Is(err, os.ErrDeadlineExceeded) {
			p.t.Error("the connection does not end")
		}
	}
}

var megabyte = bytes.Repeat([]byte("x"), 1<<20)

// A browser sends its form to the end before it looks at the answer. What was not read
// when the connection ended came back as a reset, and the browser showed an error of its
// own instead of the page.
//
// The case: "a 60 MB form over HTTP/1.1 without session".
func TestFormWithoutSessionIsRead(t *testing.T) {
	patient(t)
	s := behindProxy(t, bodySites)
	for name, c := range map[string]struct {
		status  int
		headers []string
	}{
		"a navigation":       {401, nil},
		"an upload":          {401, []string{"Content-Type", "multipart/form-data; boundary=x"}},
		"errors caddy":       {405, []string{"Host", "caddy.localhost:" + s.Port, "", "/.proconnect/login"}},
		"a script's":         {401, []string{"Sec-Fetch-Mode", "cors", "Sec-Fetch-Dest", "empty"}},
		"to an endpoint":     {405, []string{"", "/.proconnect/login"}},
		"to no endpoint":     {404, []string{"", "/.proconnect/nothing"}},
		"of a program's own": {401, []string{"Sec-Fetch-Mode", "", "Accept", "*/*"}},
	} {
		t.Run(name, func(t *testing.T) {
			p := postForm(s, t, "192.0.2.1", 60<<20, c.headers...)
			for range 60 {
				p.write(megabyte)
			}
			if a := p.page(); a.StatusCode != c.status || a.Close {
				t.Errorf("got %d, page %q, the connection ends: %v", a.StatusCode, a.Page(), a.Close)
			}
			p.write([]byte("GET / HTTP/1.1\r\nHost: localhost:" + s.Port + "\r\nAccept: text/html\r\n\r\n"))
			if a := p.page(); a.StatusCode != http.StatusUnauthorized {
				t.Errorf("the next request gets %d, page %q", a.StatusCode, a.Page())
			}
		})
	}
	t.Run("of unknown length", func(t *testing.T) {
		p := postForm(s, t, "192.0.2.1", -1)
		for range 60 {
			p.chunk()
		}
		p.write([]byte("0\r\n\r\n"))
		p.lost(p.page(), false)
	})
}

// chunk sends a megabyte of a form of unknown length.
func (p *sender) chunk() {
	p.t.Helper()
	p.write([]byte("100000\r\n"))
	p.write(megabyte)
	p.write([]byte("\r\n"))
}

// What is beyond the bounds is answered at once, and the connection ends: nobody makes
// a gate read for ever, or hold what others need.
func TestFormBeyondTheBounds(t *testing.T) {
	patient(t)
	s := behindProxy(t, bodySites)
	t.Run("too long", func(t *testing.T) {
		p := postForm(s, t, "192.0.2.1", 64<<20+1)
		p.lost(p.page(), true)
	})
	t.Run("waiting for 100 Continue", func(t *testing.T) {
		p := postForm(s, t, "192.0.2.1", 1<<20, "Expect", "100-continue")
		p.lost(p.page(), true)
	})
	t.Run("too long, of unknown length", func(t *testing.T) {
		p := postForm(s, t, "192.0.2.1", -1)
		for range 64 {
			p.chunk()
		}
		p.write([]byte("1\r\nx")) // the byte too many
		p.lost(p.page(), true)
	})
	t.Run("five of an address", func(t *testing.T) {
		forms := startForms(s, t, 5, func(int) string { return "192.0.2.2" })
		forms.next(1, true)
		forms.finish()
		forms.next(4, false)
	})
	t.Run("70 of many addresses", func(t *testing.T) {
		forms := startForms(s, t, 70, func(i int) string { return "198.51.100." + strconv.Itoa(1+i/4) })
		forms.next(6, true)
		forms.finish()
		forms.next(64, false)
	})
}

// A form that does not come is waited for as long as a form may take. Then there is room
// for others of its address.
func TestFormThatDoesNotCome(t *testing.T) {
	caddytest.Shorten(t, &waits.Body, time.Second)
	s := behindProxy(t, bodySites)
	began := time.Now()
	forms := startForms(s, t, 4, func(int) string { return "192.0.2.1" })
	forms.next(4, true)
	if took := time.Since(began); took < waits.Body {
		t.Errorf("a form that does not come is waited for %s", took)
	}
	p := postWith(s, t, "192.0.2.1", 10, "0123456789")
	p.lost(p.page(), false)
}

// forms are several forms that are sent no further than their headers.
type forms struct {
	t        *testing.T
	waiting  map[*sender]bool
	answered chan *sender
	answers  map[*sender]*caddytest.Answer
}

func startForms(s *caddytest.Server, t *testing.T, n int, from func(int) string) *forms {
	t.Helper()
	f := &forms{t, make(map[*sender]bool), make(chan *sender, n), make(map[*sender]*caddytest.Answer)}
	for i := range n {
		p := postForm(s, t, from(i), 100)
		a := new(caddytest.Answer)
		f.waiting[p], f.answers[p] = true, a
		go func() {
			*a = p.page()
			f.answered <- p
		}()
	}
	return f
}

// next checks the answers that come next.
func (f *forms) next(n int, closes bool) {
	f.t.Helper()
	for range n {
		p := <-f.answered
		delete(f.waiting, p)
		p.lost(*f.answers[p], closes)
	}
}

// finish sends the rest of all that wait.
func (f *forms) finish() {
	for p := range f.waiting {
		p.write(bytes.Repeat([]byte("x"), 100))
	}
}
