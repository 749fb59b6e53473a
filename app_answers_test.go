package proconnect

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"go.uber.org/zap"
	"go.uber.org/zap/zaptest/observer"

	"github.com/caddy-proconnect/caddy-proconnect/internal/rp"
)

// discovering answers discovery for an issuer, while it is up.
type discovering struct {
	issuer string
	up     atomic.Bool
	asked  atomic.Int64
}

func (d *discovering) RoundTrip(*http.Request) (*http.Response, error) {
	d.asked.Add(1)
	if !d.up.Load() {
		return nil, errors.New("nobody there")
	}
	body := strings.ReplaceAll(`{"issuer":"I","authorization_endpoint":"I/a","token_endpoint":"I/t","userinfo_endpoint":"I/u","jwks_uri":"I/j"}`, "I", d.issuer)
	return &http.Response{
		StatusCode: http.StatusOK, Header: http.Header{"Content-Type": {"application/json"}},
		Body: io.NopCloser(bytes.NewBufferString(body)),
	}, nil
}

// A ProConnect that is down for a night is asked for in peace: the log has one line when it
// begins and one when it is over, and nothing is asked more often than every half minute.
func TestOutageAtTheStartIsToldOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		core, logs := observer.New(zap.InfoLevel)
		provider := &discovering{issuer: "https://idp.example.fr"}
		client := &Client{name: defaultClient, Issuer: provider.issuer, firstAnswer: new(firstAnswer), provider: rp.New(rp.Config{
			Issuer: provider.issuer, ClientID: "c", ClientSecret: "s", SigningAlg: rp.RS256, UserinfoSigningAlg: rp.RS256, Transport: provider,
		})}
		a := &App{log: zap.New(core), firstAsk: time.Second}
		ended := make(chan struct{})
		go func() {
			defer close(ended)
			a.awaitAnswer(t.Context(), []*Client{client})
		}()
		time.Sleep(8 * time.Hour)
		synctest.Wait()
		if n, most := provider.asked.Load(), int64(8*60*2+10); n > most || n < most/2 {
			t.Errorf("asked %d times in eight hours, want about %d", n, most)
		}
		if n := logs.Len(); n != 1 || logs.All()[0].Level != zap.WarnLevel {
			t.Errorf("told %d times that it is down: %v", n, logs.All())
		}
		provider.up.Store(true)
		time.Sleep(askAgainCeiling)
		synctest.Wait()
		<-ended
		if n := logs.Len(); n != 2 || logs.All()[1].Message != "ProConnect answers" {
			t.Errorf("when it is back: %v", logs.All())
		}
	})
}

// The end of a configuration ends its questions.
func TestQuestionsEndWithTheConfiguration(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		provider := &discovering{issuer: "https://idp.example.fr"}
		client := &Client{name: defaultClient, Issuer: provider.issuer, firstAnswer: new(firstAnswer), provider: rp.New(rp.Config{
			Issuer: provider.issuer, ClientID: "c", ClientSecret: "s", SigningAlg: rp.RS256, UserinfoSigningAlg: rp.RS256, Transport: provider,
		})}
		ctx, stop := context.WithCancel(t.Context())
		go (&App{log: zap.NewNop()}).awaitAnswer(ctx, []*Client{client})
		synctest.Wait()
		stop()
		synctest.Wait() // else the bubble does not end
		if asked := provider.asked.Load(); asked != 1 {
			t.Errorf("asked %d times", asked)
		}
	})
}
