package session

import (
	"net/http/httptest"
	"testing"
	"time"

	"go.uber.org/zap"

	"github.com/caddy-proconnect/caddy-proconnect/internal/origin"
	"github.com/caddy-proconnect/caddy-proconnect/internal/seal"
)

// The mark of one session says nothing of another one.
func TestEntryIsOfOneSession(t *testing.T) {
	k := New(Config{Name: "proconnect", Lifetime: time.Hour, Keys: seal.NewKeyring(make([]byte, 32)), Log: zap.NewNop()})
	o := origin.Of("docs.example.gouv.fr", true)
	one, other := &Session{Family: Family{1}}, &Session{Family: Family{2}}
	w := httptest.NewRecorder()
	k.MarkEntry(w, o, one)
	mark := w.Result().Cookies()[0]
	pair := mark.Name + "=" + mark.Value
	for _, tt := range []struct {
		name    string
		cookies []string
		session *Session
		want    bool
	}{
		{"its own", []string{"theme=dark; " + pair}, one, true},
		{"on a line of its own", []string{"theme=dark", pair}, one, true},
		{"another session's", []string{pair}, other, false},
		{"none", []string{"theme=dark"}, one, false},
		{"twice", []string{pair + "; " + pair}, one, false},
		{"the mark of something else", []string{"x=" + mark.Value}, one, false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if got := k.Enters(o, tt.cookies, tt.session); got != tt.want {
				t.Errorf("got %t", got)
			}
		})
	}
}
