package proconnect

import "net/http"

// rememberSeen has the answer tell the browser when it was asked for, where sessions end
// that nobody uses. When the headers are sent, it is known whether the answer took too
// long to say so. Answers of our own never do: somebody who is asked for a login, or
// reads why they are refused, does not use the site.
func (q *request) rememberSeen(w http.ResponseWriter, r *http.Request) {
	if q.writer.Before != nil {
		return
	}
	keeper := q.keeper()
	q.writer.Before = func() {
		if q.user() != nil { // a later gate may have refused
			keeper.SaveSeen(r.Context(), w, q.origin, &q.session)
		}
	}
}
