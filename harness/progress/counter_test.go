package progress

import (
	"bytes"
	"testing"
	"testing/synctest"
	"time"
)

func TestCounter(t *testing.T) {
	for name, test := range map[string]struct {
		width func() int
		want  string
	}{
		"plain": {nil, "b: 11 of 30 files read\nb: 21 of 30 files read\n"},
		"terminal": {
			func() int { return 18 },
			"\r\x1b[Kb: 1 of 30 files " + "\r\x1b[Kb: 2 of 30 files " + "\r\x1b[Kb: 1 of 2 runs ma" + "\r\x1b[K",
		},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var out bytes.Buffer
				c := Count(&out, "b", Options{Width: test.width})
				if test.width == nil {
					for i := range 30 {
						c.Update("files read", 1+i, 30)
						time.Sleep(time.Second)
					}
				} else {
					c.Update("files read", 1, 30)
					c.Update("files read", 2, 30) // too soon
					time.Sleep(liveEvery)
					c.Update("files read", 2, 30)
					c.Update("runs made again", 1, 2)
				}
				c.Stop()
				if got := out.String(); got != test.want {
					t.Errorf("the counter writes %q, want %q", got, test.want)
				}
			})
		})
	}
}
