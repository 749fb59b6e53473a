package proconnect

import (
	"cmp"
	"context"
	"errors"
	"sync"
	"time"

	"go.uber.org/zap"

	"github.com/caddy-proconnect/caddy-proconnect/internal/rp"
)

// When Caddy has started, the log says whether ProConnect answers this machine: a
// firewall that is shut is mended before the first person comes. Nothing waits for the
// answer, and a ProConnect that is down keeps no site from starting.

// askAgain bounds the time from one question in vain to the next.
const (
	askAgainFloor   = time.Second
	askAgainCeiling = 30 * time.Second
)

// firstAnswer is what the log was told of one client. It outlives a reload, so that a
// configuration whose client is the same says nothing twice; meanwhile two may ask.
type firstAnswer struct {
	mu               sync.Mutex
	warned, answered bool
}

// tell says whether the log is still to be told, and notes that it was.
func (f *firstAnswer) tell(answered bool) bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.answered || f.warned && !answered {
		return false
	}
	f.warned, f.answered = true, answered
	return true
}

func (f *firstAnswer) came() bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.answered
}

// awaitAnswers asks every ProConnect that has not answered yet, once for all clients that
// reach it in the same way, until it answers or the context ends.
func (a *App) awaitAnswers(ctx context.Context) {
	running := runningApp()
	type way struct{ issuer, ca string }
	waiting := make(map[way][]*Client)
	for _, c := range a.inOrder() {
		if c.sandbox != nil || len(c.gates) == 0 {
			continue
		}
		if c.firstAnswer = c.answerBefore(running); !c.firstAnswer.came() {
			w := way{c.Issuer, c.CA}
			waiting[w] = append(waiting[w], c)
		}
	}
	for _, clients := range waiting {
		a.asking.Go(func() { a.awaitAnswer(ctx, clients) })
	}
}

// answerBefore is what was told of the client by the configuration that this one
// replaces, if it was the same there.
func (c *Client) answerBefore(running *App) *firstAnswer {
	if running == nil {
		return new(firstAnswer)
	}
	before := running.Clients[c.name]
	if before == nil || before.firstAnswer == nil || before.Issuer != c.Issuer || before.CA != c.CA || before.ClientID != c.ClientID {
		return new(firstAnswer)
	}
	return before.firstAnswer
}

// awaitAnswer asks for clients of one ProConnect, by the first of them. A configuration
// that is replaced at once asks nothing.
func (a *App) awaitAnswer(ctx context.Context, clients []*Client) {
	pause := a.firstAsk
	for next := askAgainFloor; wait(ctx, pause); next = min(2*next, askAgainCeiling) {
		err := clients[0].provider.Reach(ctx)
		if ctx.Err() != nil {
			return
		}
		a.reportAnswer(clients, err)
		if err == nil {
			return
		}
		pause = next
	}
}

// wait says whether a time has passed before the context ended.
func wait(ctx context.Context, d time.Duration) bool {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-ctx.Done():
		return false
	}
}

// reportAnswer tells the log what it was not told of these clients before.
func (a *App) reportAnswer(clients []*Client, err error) {
	var names []string
	for _, c := range clients {
		if c.firstAnswer.tell(err == nil) {
			names = append(names, c.name)
		}
	}
	if len(names) == 0 {
		return
	}
	fields := []zap.Field{zap.String("issuer", clients[0].Issuer), zap.Strings("clients", names)}
	if err == nil {
		a.log.Info("ProConnect answers", fields...)
		return
	}
	cause, remedy := clients[0].unanswered(err)
	a.log.Warn(cause, append(fields, zap.String("error", err.Error()), zap.String("remedy", remedy))...)
}

// unanswered says what an operator should know of a ProConnect that gave no answer that a
// login could use.
func (c *Client) unanswered(err error) (cause, remedy string) {
	cause = "ProConnect's answer is none that a login could use: until it is, nobody can log in; it is asked again"
	e, ok := errors.AsType[*rp.Error](err)
	if !ok {
		return cause, tellsMore
	}
	if e.Kind == rp.Unavailable {
		cause = "ProConnect does not answer this machine: until it does, nobody can log in; it is asked again"
	}
	return cause, cmp.Or(c.loginFaultOf(e, false).remedy, tellsMore)
}

const tellsMore = "`caddy proconnect doctor`, run on this machine, tells more"
