package proconnect

import (
	"net"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/caddy-proconnect/caddy-proconnect/internal/seal"

	"github.com/caddy-proconnect/caddy-proconnect/internal/origin"
)

// A token logs out the session that was asked about, at the origin where it was
// asked, within ten minutes, and is good for nothing else. Whoever logs in on the
// same site for a token of their own logs nobody else out with it.
func TestLogoutTokenIsBound(t *testing.T) {
	ring := seal.NewKeyring([]byte("0123456789abcdef0123456789abcdef"))
	c := &Client{forms: ring.Box("logout form", "issuer", "client"), logouts: ring.Box("logout", "issuer", "client")}
	at := func(addr string, family byte) *visit {
		v := &visit{origin: origin.Origin{Scheme: "https", Addr: addr, Host: "docs.example", Secure: true}}
		v.session.family[0] = family
		return v
	}
	mine, asked := at("docs.example", 1), time.Unix(1_800_000_000, 0)
	ctx := t.Context()
	token := c.logoutToken(ctx, mine, asked)
	ofAnotherPurpose, err := c.logouts.Seal(ctx, append(mine.session.family[:], make([]byte, 8)...), mine.formOrigin())
	if err != nil {
		t.Fatal(err)
	}
	for name, tt := range map[string]struct {
		token string
		v     *visit
		after time.Duration
		want  bool
	}{
		"at once":                    {token, mine, 0, true},
		"after ten minutes":          {token, mine, 10 * time.Minute, true},
		"later":                      {token, mine, 10*time.Minute + time.Second, false},
		"before it was made":         {token, mine, -6 * time.Minute, false},
		"by a clock a little behind": {token, mine, -time.Minute, true},
		"host in capitals":           {token, at("DOCS.example", 1), 0, true},
		"another session":            {token, at("docs.example", 2), 0, false},
		"no session":                 {token, at("docs.example", 0), 0, false},
		"another port":               {token, at("docs.example:8443", 1), 0, false},
		"another host":               {token, at("blog.example", 1), 0, false},
		"another purpose":            {ofAnotherPurpose, mine, 0, false},
		"none":                       {"", mine, 0, false},
		"cut":                        {token[:len(token)-1], mine, 0, false},
	} {
		t.Run(name, func(t *testing.T) {
			if got := c.isLogoutToken(ctx, tt.token, tt.v, asked.Add(tt.after)); got != tt.want {
				t.Errorf("got %v, want %v", got, tt.want)
			}
		})
	}
}

// slowClient sends a form and then nothing more. Its connection is waited for as long
// as the reader asks, but for what would make the test slow.
type slowClient struct {
	*httptest.ResponseRecorder
	conn net.Conn
}

func (c *slowClient) SetReadDeadline(t time.Time) error {
	if !t.IsZero() {
		t = t.Add(10*time.Millisecond - bodyTime)
	}
	return c.conn.SetReadDeadline(t)
}

// Whoever sends the form of a logout a byte at a time does not keep us waiting for ever.
func TestLogoutFormHasATime(t *testing.T) {
	server, client := net.Pipe()
	defer client.Close()
	go func() { _, _ = client.Write([]byte("token=x")) }()
	r := httptest.NewRequest(http.MethodPost, "/.proconnect/logout", server)
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	read := make(chan string, 1)
	go func() { read <- formToken(&slowClient{httptest.NewRecorder(), server}, r) }()
	select {
	case token := <-read:
		if token != "" {
			t.Errorf("half a form is taken for a whole one: %q", token)
		}
	case <-time.After(5 * time.Second):
		t.Error("still waiting")
	}
}
