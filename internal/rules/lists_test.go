package rules

import (
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"go.uber.org/zap"

	"github.com/caddy-proconnect/caddy-proconnect/internal/listfile"
)

// When the configuration loads, a list that does not answer is waited for some seconds,
// and is an error then; unless the running configuration knows what it said.
func TestListThatHangsAtLoad(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		drive := make(chan struct{})
		held := new(listfile.List)
		p := &Lists{
			log:   zap.NewNop(),
			held:  map[listKey]*listfile.List{{"/held", listfile.SIREN.Name}: held},
			opens: func(string, listfile.Format) (*listfile.List, error) { <-drive; return nil, errors.New("too late") },
		}
		began := time.Now()
		if _, err := p.openList(listKey{"/gone", listfile.SIREN.Name}, listfile.SIREN); !errors.Is(err, errListHangs) || time.Since(began) > ListWait {
			t.Errorf("got %v after %s", err, time.Since(began))
		}
		began = time.Now()
		for range 20 {
			if l, err := p.openList(listKey{"/held", listfile.SIREN.Name}, listfile.SIREN); l != held || err != nil {
				t.Errorf("got %v, %v; want the list of the running configuration", l, err)
			}
		}
		if took := time.Since(began); took > ListWait {
			t.Errorf("20 lists on the drive are waited for %s", took)
		}
		close(drive)
		synctest.Wait()
	})
}
