package proconnect

import (
	"bytes"
	"cmp"
	"crypto/tls"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/netip"
	"net/url"
	"os"
	"strings"

	"github.com/spf13/cobra"

	"github.com/caddy-proconnect/caddy-proconnect/internal/claims"
	"github.com/caddy-proconnect/caddy-proconnect/internal/origin"
)

// statedClaims are those of the flags; nil if there are none.
func statedClaims(c *cobra.Command) (claims.Stated, error) {
	var stated claims.Stated
	if file, _ := c.Flags().GetString("claims"); file != "" {
		if config, _ := c.Flags().GetString("config"); file == "-" && config == "-" {
			return nil, errors.New("--claims and --config cannot both read standard input")
		}
		read, err := readClaims(file, c.InOrStdin())
		if err != nil {
			return nil, fmt.Errorf("--claims: %w", err)
		}
		stated = read
	}
	single, _ := c.Flags().GetStringArray("claim")
	for _, s := range single {
		name, value, ok := strings.Cut(s, "=")
		if !ok || value == "" {
			return nil, fmt.Errorf("--claim %s: want name=value; leave a claim out that ProConnect does not tell", s)
		}
		if stated == nil {
			stated = make(claims.Stated)
		}
		list, _ := stated[name].([]any)
		stated[name] = append(list, value)
	}
	return stated, stated.Check()
}

// readClaims reads a session document.
func readClaims(file string, stdin io.Reader) (claims.Stated, error) {
	text, err := []byte(nil), error(nil)
	if file == "-" {
		text, err = io.ReadAll(stdin)
	} else {
		text, err = os.ReadFile(file)
	}
	if err != nil {
		return nil, err
	}
	dec := json.NewDecoder(bytes.NewReader(text))
	dec.UseNumber()
	stated := make(claims.Stated)
	if err := dec.Decode(&stated); err != nil {
		return nil, fmt.Errorf("want a JSON object, as /.proconnect/session prints it: %w", err)
	}
	delete(stated, sessionExpires) // of the session, not of the person
	return stated, nil
}

// newRehearsalRequest is the request that the flags describe, as a browser would send it.
func newRehearsalRequest(c *cobra.Command, address string) (*http.Request, error) {
	u, err := url.Parse(address)
	if err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Hostname() == "" || u.User != nil {
		return nil, fmt.Errorf("--url %q: want a whole address, such as https://docs.example.gouv.fr/admin", address)
	}
	u.Path = cmp.Or(u.Path, "/")
	method, _ := c.Flags().GetString("method")
	r, err := http.NewRequestWithContext(c.Context(), strings.ToUpper(method), u.String(), http.NoBody)
	if err != nil {
		return nil, fmt.Errorf("--method %q: %w", method, err)
	}
	r.URL = &url.URL{Path: u.Path, RawPath: u.RawPath, RawQuery: u.RawQuery}
	// As written: a gate looks at the target itself, and another spelling is another target.
	r.RequestURI = target(address)
	r.Header.Set("Accept", "text/html")
	r.Header.Set("Sec-Fetch-Mode", "navigate")
	r.Header.Set("Sec-Fetch-Dest", "document")
	r.Header.Set("Sec-Fetch-Site", "none")
	ip, _ := c.Flags().GetString("remote-ip")
	addr, err := netip.ParseAddr(cmp.Or(ip, somebody(u.Hostname())))
	if err != nil {
		return nil, fmt.Errorf("--remote-ip %q: want an IP address", ip)
	}
	r.RemoteAddr = netip.AddrPortFrom(addr, 50000).String()
	if u.Scheme == "https" {
		r.TLS = &tls.ConnectionState{Version: tls.VersionTLS13, HandshakeComplete: true, ServerName: u.Hostname()}
	}
	return r, nil
}

// target is what a browser sends of an address: all from the path on, but for the
// fragment.
func target(address string) string {
	_, rest, _ := strings.Cut(address, "://")
	rest, _, _ = strings.Cut(rest, "#")
	i := strings.IndexAny(rest, "/?")
	switch {
	case i < 0:
		return "/"
	case rest[i] == '?':
		return "/" + rest[i:]
	}
	return rest[i:]
}

// somebody is where a request comes from, unless the operator says: this machine for a
// site that only it has, else nowhere in particular (RFC 5737).
func somebody(host string) string {
	if origin.IsLoopback(host) {
		return "127.0.0.1"
	}
	return "203.0.113.1"
}
