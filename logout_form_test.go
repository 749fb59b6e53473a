package proconnect

import (
	"net"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"
)

// slowClient sends a form and then nothing more.
type slowClient struct {
	*httptest.ResponseRecorder
	conn net.Conn
}

func (c *slowClient) SetReadDeadline(t time.Time) error {
	return c.conn.SetReadDeadline(t)
}

// Whoever sends the form of a logout a byte at a time does not keep us waiting for ever.
func TestLogoutFormHasATime(t *testing.T) {
	server, client := net.Pipe()
	defer client.Close()
	go func() { _, _ = client.Write([]byte("token=x")) }()
	r := httptest.NewRequest(http.MethodPost, "/.proconnect/logout", server)
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	read := make(chan string, 1)
	go func() { read <- formToken(&slowClient{httptest.NewRecorder(), server}, r, 10*time.Millisecond) }()
	select {
	case token := <-read:
		if token != "" {
			t.Errorf("half a form is taken for a whole one: %q", token)
		}
	case <-time.After(time.Minute):
		t.Error("still waiting")
	}
}
