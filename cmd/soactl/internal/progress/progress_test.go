package progress

import (
	"os"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"
)

func TestLine(t *testing.T) {
	b := &Bar{label: "verify", unit: Bytes, total: 4 << 30}
	b.Add(1 << 30)
	require.Equal(t, "verify [#######                       ]  25%  1.0 GiB of 4.0 GiB  512 MiB/s", b.line(2*time.Second))
	b.Add(9 << 30) // more than was expected
	require.Contains(t, b.line(time.Second), "[##############################] 100%")
	require.Contains(t, (&Bar{unit: Bytes}).line(time.Second), "  0%")
}

func TestNothingIsShownInAFile(t *testing.T) {
	f, err := os.CreateTemp(t.TempDir(), "")
	require.NoError(t, err)
	defer f.Close()
	b := start(f, "x", 1, Bytes)
	require.Nil(t, b)
	b.Add(1)
	b.Stop()
}

func TestStopEndsTheGoroutine(t *testing.T) {
	defer goleak.VerifyNone(t)
	f, err := os.OpenFile(os.DevNull, os.O_WRONLY, 0)
	require.NoError(t, err)
	defer f.Close()
	b := start(f, "x", 1, Bytes) // a device, as a terminal is
	require.NotNil(t, b)
	b.Stop()
}

func TestShortWorkShowsNothing(t *testing.T) {
	for _, test := range []struct {
		work time.Duration
		want string
	}{
		{900 * time.Millisecond, `^$`},
		{1300 * time.Millisecond, `^(\rx \[ {30}\] +0%  0 B of 1 B  0 B/s\x1b\[K){2}\r\x1b\[K$`},
	} {
		synctest.Test(t, func(t *testing.T) {
			b := &Bar{label: "x", unit: Bytes, total: 1, start: time.Now(), stop: make(chan struct{})}
			var out strings.Builder
			b.ended.Add(1)
			go b.run(&out)
			<-time.After(test.work) // on the test's own clock
			b.Stop()
			require.Regexp(t, test.want, out.String())
		})
	}
}
