package proconnect

import (
	"cmp"
	"net/http"
	"slices"
	"time"
)

// status is how everything is at the moment. It holds no secret, no rule and nobody.
type status struct {
	Clients []clientStatus `json:"clients"`
	Lists   []listStatus   `json:"lists"`
}

type clientStatus struct {
	Name          string       `json:"name"`
	Environment   string       `json:"environment,omitempty"`
	Issuer        string       `json:"issuer"`
	ClientID      string       `json:"client_id,omitempty"`
	Scopes        []string     `json:"scopes"`
	LastAnswer    *time.Time   `json:"provider_last_answer"` // null: none since the process began
	StorageFails  bool         `json:"storage_failing"`
	StorageRead   bool         `json:"storage_read"`        // it is known who logged out before the process began
	Revocations   int          `json:"revocations"`         // sessions that were ended one by one
	People        int          `json:"people_revocations"`  // records of people whose sessions were ended
	SessionKeySet *time.Time   `json:"session_key_created"` // null: the operator's, or none yet
	Gates         []gateStatus `json:"gates"`
}

type gateStatus struct {
	Site     string            `json:"site"`
	Gate     string            `json:"gate"` // its place among those of the site, from 1
	Rules    int               `json:"rules"`
	Report   int               `json:"report,omitempty"` // rules that are only tried
	Optional bool              `json:"optional,omitempty"`
	Requests map[string]uint64 `json:"requests"` // by outcome
}

type listStatus struct {
	File        string     `json:"file"`
	Field       string     `json:"field"` // of rules, or host for callback_hosts
	Entries     int        `json:"entries"`
	FaultyLines int        `json:"faulty_lines"`
	Rejected    bool       `json:"rejected"` // the file has a version that is not taken
	Modified    *time.Time `json:"modified"`
}

// status tells how everything is.
func (adminAPI) status(a *App, _ *http.Request) (any, error) {
	s := status{Clients: []clientStatus{}, Lists: []listStatus{}}
	for _, c := range a.inOrder() {
		s.Clients = append(s.Clients, c.status())
	}
	for l := range a.lists.All() {
		s.Lists = append(s.Lists, listStatus{l.Path(), l.Field(), l.Set().Len(), l.Bad().Total, l.Rejected(), moment(l.Modified())})
	}
	slices.SortFunc(s.Lists, func(x, y listStatus) int { return cmp.Or(cmp.Compare(x.File, y.File), cmp.Compare(x.Field, y.Field)) })
	return s, nil
}

func (c *Client) status() clientStatus {
	health := c.keeper.Health()
	s := clientStatus{
		Name: c.name, Environment: c.Environment, Issuer: c.Issuer, ClientID: c.ClientID, Scopes: c.asking().Scopes,
		LastAnswer: moment(c.counts.answeredAt()), StorageFails: health.StorageFails, StorageRead: health.Read,
		Revocations: health.Revoked, People: health.People, SessionKeySet: moment(c.keeper.KeyCreated()), Gates: []gateStatus{},
	}
	for _, h := range c.app.gates {
		if h.client != c {
			continue
		}
		requests := make(map[string]uint64)
		for _, outcome := range outcomes {
			requests[outcome.String()] = h.counts.decisions[outcome].Load()
		}
		s.Gates = append(s.Gates, gateStatus{h.key.site, h.key.gate, len(h.Rules), len(h.Report), h.Optional, requests})
	}
	return s
}

// moment is a time, or null.
func moment(t time.Time) *time.Time {
	if t.IsZero() {
		return nil
	}
	t = t.UTC().Truncate(time.Second)
	return &t
}
