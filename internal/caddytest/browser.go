package caddytest

import (
	"context"
	"crypto/tls"
	"errors"
	"html"
	"io"
	"net"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"regexp"
	"strings"
	"syscall"
	"testing"
	"time"
)

// Browser is a client that keeps cookies, says that it navigates, and follows no
// redirect by itself.
type Browser struct {
	*http.Client
	T    testing.TB // whose browser it is: a subtest may take it over
	Base string     // the site, as http://localhost:1234
}

// Browser opens a browser at a site, such as http://localhost:{$PORT}.
func (s *Server) Browser(site string) *Browser {
	jar, err := cookiejar.New(nil)
	if err != nil {
		s.T.Fatal(err)
	}
	transport := &http.Transport{
		DialContext: func(ctx context.Context, network, addr string) (net.Conn, error) {
			host, port, _ := net.SplitHostPort(addr)
			if net.ParseIP(host) == nil { // every name is this process
				addr = net.JoinHostPort(Loopback, port)
			}
			return new(net.Dialer).DialContext(ctx, network, addr)
		},
		ForceAttemptHTTP2: true,
		TLSClientConfig:   &tls.Config{InsecureSkipVerify: true}, // Caddy's own authority, made a second ago
	}
	s.T.Cleanup(transport.CloseIdleConnections)
	return &Browser{
		T:    s.T,
		Base: s.Fill(site),
		Client: &http.Client{
			Jar: jar, Transport: transport, Timeout: time.Minute,
			CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
		},
	}
}

// For is the same browser, cookies and connections, for a test below the one that opened it.
func (b *Browser) For(t testing.TB) *Browser {
	return &Browser{Client: b.Client, T: t, Base: b.Base}
}

// Request sends a request as a person's navigation, and a form if there is one.
// The target is a path of the site or a whole address. Headers are given in pairs
// and replace the usual ones; an empty value drops one.
func (b *Browser) Request(method, target string, form url.Values, headers ...string) Answer {
	b.T.Helper()
	if strings.HasPrefix(target, "/") {
		target = b.Base + target
	}
	var body io.Reader
	if form != nil {
		body = strings.NewReader(form.Encode())
	}
	r, err := http.NewRequestWithContext(b.T.Context(), method, target, body)
	if err != nil {
		b.T.Fatal(err)
	}
	r.Header.Set("Accept", "text/html,application/xhtml+xml,*/*;q=0.8")
	r.Header.Set("Accept-Language", "fr-FR,fr;q=0.9")
	r.Header.Set("Sec-Fetch-Mode", "navigate")
	r.Header.Set("Sec-Fetch-Dest", "document")
	r.Header.Set("Sec-Fetch-Site", "same-origin")
	if form != nil {
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	for i := 0; i+1 < len(headers); i += 2 {
		if headers[i+1] == "" {
			r.Header.Del(headers[i])
			continue
		}
		r.Header.Set(headers[i], headers[i+1])
	}
	again := r.Clone(r.Context()) // the client adds its cookies to the first
	resp, err := b.Do(r)
	if form == nil && (errors.Is(err, io.EOF) || errors.Is(err, syscall.ECONNRESET)) {
		// Just after a reload the old configuration's listener may take a
		// connection and close it unanswered. Browsers try again, too.
		resp, err = b.Do(again)
	}
	if err != nil {
		b.T.Fatal(err)
	}
	return ReadAnswer(b.T, resp)
}

// Visit asks for a page: see Request. It goes on as browsers do from the small pages
// before ProConnect: from the one that gives a browser its secret, and back to the page
// where that leads; and from the one that keeps the fragment of an address.
func (b *Browser) Visit(target string, headers ...string) Answer {
	b.T.Helper()
	a := b.Request(http.MethodGet, target, nil, headers...)
	for range 2 {
		next := a.RefreshURL()
		if a.Page() != "departing" {
			return a
		}
		a = b.Request(http.MethodGet, next, nil, headers...)
		if strings.Contains(next, "step=back") && a.StatusCode == http.StatusSeeOther {
			a = b.Request(http.MethodGet, a.RedirectURL(), nil, headers...)
		}
	}
	return a
}

// Send sends headers as they are spelled, several lines of one name too, to a path
// of the site, and nothing of what a browser adds.
func (b *Browser) Send(method, target string, headers http.Header) Answer {
	b.T.Helper()
	r, err := http.NewRequestWithContext(b.T.Context(), method, b.Base+target, nil)
	if err != nil {
		b.T.Fatal(err)
	}
	r.Header.Set("Accept", "text/html")
	for name, values := range headers {
		r.Header[name] = values
	}
	return b.Finish(r)
}

// Finish sends a request as it is and reads the answer.
func (b *Browser) Finish(r *http.Request) Answer {
	b.T.Helper()
	resp, err := b.Do(r)
	if err != nil {
		b.T.Fatal(err)
	}
	return ReadAnswer(b.T, resp)
}

// Login logs in through the sandbox as a person of its page, with claims
// changed, and returns the answer at the end of the way.
func (b *Browser) Login(target string, form url.Values) Answer {
	b.T.Helper()
	a := b.Visit("/.proconnect/login?return_to=" + url.QueryEscape(target))
	return b.Authorize(a, form)
}

// Authorize goes on from a redirect to the sandbox.
func (b *Browser) Authorize(a Answer, form url.Values) Answer {
	b.T.Helper()
	if a.StatusCode != http.StatusSeeOther {
		b.T.Fatalf("want a redirect to ProConnect, got %d, page %q", a.StatusCode, a.Page())
	}
	a = b.Request(http.MethodPost, a.RedirectURL(), form)
	return b.Follow(a)
}

// LoginAt logs in at a provider that asks nothing, and returns the answer at
// the end of the way.
func (b *Browser) LoginAt(target string, headers ...string) Answer {
	b.T.Helper()
	a := b.Visit("/.proconnect/login?return_to="+url.QueryEscape(target), headers...)
	for range 6 {
		if a.StatusCode != http.StatusSeeOther {
			return a
		}
		a = b.Visit(a.RedirectURL(), headers...)
	}
	b.T.Fatal("redirected in a loop")
	return a
}

// Follow goes where redirects lead, and where the pages go on to that answer a form.
func (b *Browser) Follow(a Answer) Answer {
	b.T.Helper()
	for range 10 {
		next := a.LeavingURL()
		if next == "" {
			return a
		}
		a = b.Visit(next)
	}
	b.T.Fatal("redirected in a loop")
	return a
}

// GoOn clicks on where the page leads that names another person than the one before.
func (b *Browser) GoOn(a Answer) Answer {
	b.T.Helper()
	if a.Page() != "person-changed" {
		b.T.Fatalf("want the page that names two people, got %d, page %q", a.StatusCode, a.Page())
	}
	_, link, _ := strings.Cut(a.Text, `<a class="button" href="`)
	link, _, _ = strings.Cut(link, `"`)
	return b.Follow(b.Visit(html.UnescapeString(link)))
}

// Home is the site's address.
func (b *Browser) Home() *url.URL {
	b.T.Helper()
	home, err := url.Parse(b.Base)
	if err != nil {
		b.T.Fatal(err)
	}
	return home
}

var ourCookie = regexp.MustCompile(`^((?:__Host-|__Secure-)?proconnect(?:-[a-z0-9-]+)?)((?:_[a-z_]+)?)$`)

var sessionCookie = regexp.MustCompile(`^(__Host-)?proconnect(-[a-z0-9-]+)?(_[0-9]+)?$`)
