package revocation

import (
	"cmp"
	"context"
	"math/rand/v2"
	"sync"
	"sync/atomic"
	"time"

	"github.com/caddyserver/certmagic"
	"go.uber.org/zap"

	"github.com/caddy-proconnect/caddy-proconnect/internal/seal"
)

const (
	// Skew is how far apart the clocks of nodes may be.
	Skew        = 5 * time.Minute
	skewSeconds = int64(Skew / time.Second)

	// PollEvery is how often to call Poll, but for a jitter.
	PollEvery = 5 * time.Second

	// AnswerWait is how long an answer waits for the storage at most: that of a logout
	// for its write, that of the first request for the first listing.
	AnswerWait = 2 * time.Second
)

// Config is what a List works with.
type Config struct {
	Storage certmagic.Storage // nobody waits for its answers longer than their context says
	Prefix  string            // the path of the objects

	// What may change while the list lives: each is asked at every use.
	Log  func() *zap.Logger
	Keys func() Keys

	// Learned hears of people whose sessions somebody else ended since the process began;
	// it may be nil.
	Learned func(Record)

	// WriteEvery is how often an object is written at most, however many log out.
	WriteEvery time.Duration // default: a second
	AnswerWait time.Duration // default: AnswerWait

	Now    func() time.Time        // default: time.Now
	Jitter func(below int64) int64 // default: rand.Int64N
}

// Keys seal the records of people.
type Keys struct {
	Box    *seal.Box
	Others []*seal.Box           // open them as well
	Reload func(context.Context) // asks the storage for keys that replaced these
}

func (k Keys) open(ctx context.Context, value, place string) (plain string, err error) {
	for _, b := range append([]*seal.Box{k.Box}, k.Others...) {
		if plain, err = b.Open(ctx, value, place); err == nil {
			break
		}
	}
	return plain, err
}

// List is what was revoked, as far as this process knows. It serves any number of
// configurations at once, and outlives each.
type List struct {
	cfg  Config
	node string // in the names of what this process writes

	families families
	people   people

	ready   atomic.Bool // a listing was read whole
	whole   chan struct{}
	first   sync.Once
	polling atomic.Bool
	recheck atomic.Bool
	heir    atomic.Pointer[heir]
	writer  writer
	poll    poll
	health  health
}

// NewList returns a list that knows nothing yet. It uses neither storage nor keys before
// somebody asks.
func NewList(cfg Config) *List {
	if cfg.Now == nil {
		cfg.Now = time.Now
	}
	cfg.WriteEvery = cmp.Or(cfg.WriteEvery, time.Second)
	cfg.AnswerWait = cmp.Or(cfg.AnswerWait, AnswerWait)
	if cfg.Jitter == nil {
		cfg.Jitter = rand.Int64N // spreads work, keeps no secret
	}
	l := &List{cfg: cfg, node: randomHex(4), whole: make(chan struct{})}
	l.poll.objects = make(map[string]*object)
	l.writer.pending = make(entries)
	return l
}

func (l *List) now() int64 { return l.cfg.Now().Unix() }

// State is what is known of a session.
type State uint8

const (
	Unknown State = iota // the storage was not read yet: nobody can tell
	Alive
	Revoked
)

// Family says whether a family was revoked of which no session lives after until. The
// storage is read first, if it was not: what is asked in the meantime is not known yet.
func (l *List) Family(f Family, until time.Time) State {
	ready := l.Ready()
	switch {
	case l.families.has(familyKey(f)):
		return Revoked
	case !ready, l.families.forgets(until.Unix()):
		return Unknown
	}
	return Alive
}

// Ready says whether the storage was read since the process began.
func (l *List) Ready() bool { return l.ready.Load() || l.firstListing() }

// Read says the same, without reading it.
func (l *List) Read() bool { return l.ready.Load() }

// firstListing reads the storage for whoever asks first, and has all who come meanwhile
// wait for it, two seconds at most: a cookie that was logged out before a restart stays
// dead after it, and a server may serve before its polling began.
func (l *List) firstListing() bool {
	l.first.Do(func() {
		failed := make(chan struct{})
		go func() {
			if l.Poll(context.Background()) {
				close(failed)
			}
		}()
		late := time.NewTimer(l.cfg.AnswerWait)
		defer late.Stop()
		select {
		case <-l.whole:
		case <-failed:
		case <-late.C:
		}
	})
	return l.ready.Load()
}

// Held is how many families are remembered.
func (l *List) Held() int { return l.families.count() }

// HeldPeople is how many records of people are remembered. Each ends the sessions of any
// number.
func (l *List) HeldPeople() int {
	if x := l.people.index.Load(); x != nil {
		return x.records
	}
	return 0
}
