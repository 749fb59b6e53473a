package proconnect

import "net/http"

// exchange is one request that a gate answers by itself: the gate that spoke last.
type exchange struct {
	*request
	w http.ResponseWriter
	r *http.Request

	login loginPhase
}

// loginPhase says what an exchange has to do with a login.
type loginPhase uint8

const (
	noLogin      loginPhase = iota
	loginPending            // a page that tells of a fault is the end of one
	loginEnded              // and that was reported
)

// answer begins the exchange in which the gate that spoke last answers.
func (q *request) answer(w http.ResponseWriter, r *http.Request) *exchange {
	return &exchange{request: q, w: w, r: r}
}
