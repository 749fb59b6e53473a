package caddytest

import (
	"bufio"
	"html"
	"net/http"
	"regexp"
	"strings"
	"testing"
)

// Answer is a response, read.
type Answer struct {
	*http.Response
	Text string // the body
}

// ReadAnswer reads a response to its end and closes it.
func ReadAnswer(t testing.TB, resp *http.Response) Answer {
	t.Helper()
	defer resp.Body.Close()
	var text strings.Builder
	if _, err := bufio.NewReader(resp.Body).WriteTo(&text); err != nil {
		t.Fatal(err)
	}
	return Answer{resp, text.String()}
}

// RedirectURL is where a redirect leads, absolute; empty if it leads nowhere.
func (a Answer) RedirectURL() string {
	u, err := a.Location()
	if err != nil {
		return ""
	}
	return u.String()
}

var metaRefresh = regexp.MustCompile(`<meta http-equiv="refresh" content="\d+; url=([^"]*)">`)

// RefreshURL is where a page goes on to by itself; empty if it does not.
func (a Answer) RefreshURL() string {
	_, url, _ := strings.Cut(a.Header.Get("Refresh"), "; url=")
	if m := metaRefresh.FindStringSubmatch(a.Text); url == "" && m != nil {
		url = html.UnescapeString(m[1])
	}
	return url
}

// LeavingURL is where the browser goes on to from an answer that shows nothing: a redirect,
// or a page that takes the place of one where a form was sent. It is empty where an answer
// is there to be looked at.
func (a Answer) LeavingURL() string {
	if page := a.Page(); page == "leaving" || page == "sandbox-leaving" {
		return a.RefreshURL()
	}
	if a.StatusCode != http.StatusSeeOther {
		return ""
	}
	return a.RedirectURL()
}

// Page is which of our pages an answer is, with its problem's code.
func (a Answer) Page() string {
	_, rest, ok := strings.Cut(a.Text, `data-page="`)
	if !ok {
		return ""
	}
	name, rest, _ := strings.Cut(rest, `"`)
	if name == "problem" {
		_, rest, _ = strings.Cut(rest, `data-problem="`)
		code, _, _ := strings.Cut(rest, `"`)
		return "problem " + code
	}
	return name
}

// Reference is what the page tells people to quote.
func (a Answer) Reference() string {
	_, rest, _ := strings.Cut(a.Text, `data-reference="`)
	reference, _, _ := strings.Cut(rest, `"`)
	return reference
}

// NextStep is a link or a form by which a page leads on.
var NextStep = regexp.MustCompile(`<a class="(button[^"]*|proconnect-button)" href="/|<form `)
