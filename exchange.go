package proconnect

import "net/http"

// exchange is one request at one gate that the gate answers by itself. What all gates
// on the request share is the visit's.
type exchange struct {
	*visit
	at *Handler // the gate
	w  http.ResponseWriter
	r  *http.Request
}

// at begins the exchange in which a gate answers.
func at(h *Handler, w http.ResponseWriter, r *http.Request, v *visit) *exchange {
	return &exchange{visit: v, at: h, w: w, r: r}
}
