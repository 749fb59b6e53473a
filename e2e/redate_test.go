package e2e

import (
	"context"
	"encoding/base64"
	varint "encoding/binary"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/chromedp"

	"github.com/caddy-proconnect/caddy-proconnect/internal/seal"
)

// sealing is a key of the tests' own, with which they make sessions older than they are:
// nobody waits for an hour.
const sealing = "2CkLVDxd0S1fHVFYVY5ZtwxkYZCFn3dXKDTbZfDl3Ug="

// renewing is a client whose sessions are to be confirmed after an hour, at an engine of
// which, as of ProConnect, one pass of a browser comes back at a time.
func renewing() client {
	c := killing()
	c.lines = "session {\n\t\t\tsecret " + sealing + "\n\t\t\trenew 1h\n\t\t}"
	return c
}

const (
	inGrace = 90 * time.Minute // since ProConnect confirmed the session
	overdue = 3 * time.Hour
)

// confirmed has the session of a browser at a site, made by a first login, be as old as
// said.
func (b *tab) confirmed(s *stack, origin string, ago time.Duration) {
	b.t.Helper()
	u, err := url.Parse(origin)
	if err != nil {
		b.t.Fatal(err)
	}
	for _, c := range b.cookies(origin + "/") {
		if c.Name == "__Host-proconnect_"+u.Port() {
			b.plant(c.Name, redated(b.t, s, c.Value, u.Host, time.Now().Add(-ago)), origin)
			return
		}
	}
	b.t.Fatal("there is no session")
}

// plant sets a cookie of ours.
func (b *tab) plant(name, value, origin string) {
	b.t.Helper()
	yes := true
	do(b, "cookie", func(ctx context.Context, _ *chromedp.Target) (struct{}, error) {
		_, err := chromedp.Call(ctx, network.SetCookie, network.SetCookieParams{
			Name: name, Value: value, URL: origin + "/", Path: "/", Secure: &yes, HTTPOnly: &yes, SameSite: network.CookieSameSiteLax,
		})
		return struct{}{}, err
	})
}

// redated seals a session anew, of a family that began then: the time of it stands behind
// the version and the family.
func redated(t *testing.T, s *stack, value, host string, began time.Time) string {
	t.Helper()
	key, err := base64.StdEncoding.DecodeString(sealing)
	if err != nil {
		t.Fatal(err)
	}
	box := seal.NewKeyring(key).Box("session", s.provider.issuer, "rs256")
	plain, err := box.Open(t.Context(), value, host)
	if err != nil {
		t.Fatal(err)
	}
	_, n := varint.Uvarint([]byte(plain[17:]))
	dated := string(varint.AppendUvarint([]byte(plain[:17]), uint64(began.Unix()))) + plain[17+n:]
	sealed, err := box.Seal(t.Context(), []byte(dated), host)
	if err != nil {
		t.Fatal(err)
	}
	return sealed
}

// passesUnasked counts the times that a browser was sent by without a question.
func (p *provider) passesUnasked(t *testing.T) (n int) {
	t.Helper()
	for _, c := range p.journal(t, "/authorize") {
		if c.Query["prompt"] == "none" {
			n++
		}
		if c.Query["prompt"] == "none" && (strings.Contains(c.Query["claims"], "essential") || c.Query["idp_hint"]+c.Query["login_hint"] != "") {
			t.Errorf("a pass without a question is not bare: %v", c.Query)
		}
	}
	return n
}

// behave sets how the provider stands to people, and takes it back with the test.
func (p *provider) behave(t *testing.T, mode string, value any) {
	t.Helper()
	p.set(t, mode, value)
	t.Cleanup(func() {
		p.control(t, orders{"set": map[string]any{"blocked": []string{}, "withdrawnScopes": []string{}, "down": false}})
	})
}
