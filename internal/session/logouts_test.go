package session

import (
	"testing"
	"time"

	"github.com/caddy-proconnect/caddy-proconnect/internal/origin"
	"github.com/caddy-proconnect/caddy-proconnect/internal/seal"
)

// A token logs out the session that was asked about, at the origin where it was
// asked, within ten minutes, and is good for nothing else. Whoever logs in on the
// same site for a token of their own logs nobody else out with it.
func TestLogoutTokenIsBound(t *testing.T) {
	k := New(Config{Name: "proconnect", Keys: seal.NewKeyring([]byte("0123456789abcdef0123456789abcdef")), Issuer: "issuer", ClientID: "client"})
	type asker struct {
		origin origin.Origin
		family Family
	}
	at := func(addr string, family byte) asker {
		return asker{origin.Origin{Scheme: "https", Addr: addr, Host: "docs.example", Secure: true}, Family{family}}
	}
	mine, asked := at("docs.example", 1), time.Unix(1_800_000_000, 0)
	ctx := t.Context()
	token := k.LogoutToken(ctx, mine.origin, mine.family, asked)
	ofAnotherPurpose, err := k.logouts.Seal(ctx, append(mine.family[:], make([]byte, 8)...), originText(mine.origin))
	if err != nil {
		t.Fatal(err)
	}
	for name, tt := range map[string]struct {
		token string
		v     asker
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
			if got := k.IsLogoutToken(ctx, tt.v.origin, tt.v.family, tt.token, asked.Add(tt.after)); got != tt.want {
				t.Errorf("got %v, want %v", got, tt.want)
			}
		})
	}
}
