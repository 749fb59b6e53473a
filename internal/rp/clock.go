package rp

import (
	"net/http"
	"strconv"
	"time"
)

// Whose says which clock is wrong, as far as can be told.
type Whose string

// Whose clock is wrong.
const (
	WhoseOurs    Whose = "ours"    // the provider's web server and its tokens agree with each other, and not with us
	WhoseTheirs  Whose = "theirs"  // the web server agrees with us: what makes the tokens does not, or the token is old
	WhoseUnknown Whose = "unknown" // the answer had no date
)

// clockTolerance is how far a Date may be from our clock and say that it is right: it
// has whole seconds, and the answer was under way.
const clockTolerance = 15 * time.Second

// Clock tells of a time in a token that was refused.
type Clock struct {
	Claim string        // exp, iat or nbf
	Off   time.Duration // the claim, seen from our clock: negative is in the past
	Whose Whose
	Ahead time.Duration // our clock, seen from the provider's; 0 if there was no date
}

// String tells the seconds, and whose clock it is.
func (c *Clock) String() string {
	s := c.Claim + " is " + apart(c.Off, "ahead", "in the past") + " by our clock"
	switch c.Whose {
	case WhoseOurs:
		return s + ", which is " + apart(c.Ahead, "ahead of", "behind") + " ProConnect's"
	case WhoseTheirs:
		return s + ", with which ProConnect's web server agrees within " + seconds(c.Ahead) + ": the token's time is wrong"
	}
	return s + "; the answer has no date to tell whose clock is wrong"
}

func apart(d time.Duration, ahead, behind string) string {
	if d < 0 {
		return seconds(d) + " " + behind
	}
	return seconds(d) + " " + ahead
}

func seconds(d time.Duration) string {
	return strconv.FormatInt(int64(d.Abs()/time.Second), 10) + " s"
}

// moment is what the provider's clock and ours said when an answer came.
type moment struct{ ours, theirs time.Time } // theirs is zero if the answer had no date

func momentOf(h http.Header, now time.Time) moment {
	date, err := http.ParseTime(h.Get("Date"))
	if err != nil {
		return moment{ours: now}
	}
	return moment{now, date}
}

// misTimed is the error for a time in a token that was refused. One that is missing, or
// is no time, says nothing of clocks.
func misTimed(stage Stage, why Reason, claims map[string]any, name string, now time.Time, m moment) *Error {
	e := fail(stage, Invalid, why)
	at, ok := numericDate(claims[name])
	if !ok {
		return e
	}
	e.Clock = &Clock{Claim: name, Off: at.Sub(now), Whose: WhoseUnknown}
	if m.theirs.IsZero() {
		return e
	}
	e.Clock.Ahead = m.ours.Sub(m.theirs)
	e.Clock.Whose = WhoseOurs
	issued, told := numericDate(claims["iat"])
	nearer := told && issued.Sub(m.ours).Abs() < issued.Sub(m.theirs).Abs()
	if e.Clock.Ahead.Abs() <= clockTolerance || nearer {
		e.Clock.Whose = WhoseTheirs
	}
	return e
}
