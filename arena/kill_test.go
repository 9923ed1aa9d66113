package arena_test

import (
	"bufio"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/soastore/soa"
	"github.com/soastore/soa/arena"
	"github.com/soastore/soa/internal/testkit"
	"github.com/stretchr/testify/require"
)

const killKeys = 3

// killed is the value of round i of a key: it says so in each element.
func killed(key, i int) *soa.Dict {
	d := of(int64(i)<<32|int64(key), 1+i*7919%90_000)
	x, _ := soa.Column[int64](d, "x")
	for j := range x {
		x[j] = x[0]
	}
	return d
}

// TestKill kills a process that changes values without end, and looks at what it
// left: each key has a value of a change that the process had begun, whole, and not
// an older one than the last change that it had finished.
func TestKill(t *testing.T) {
	rounds := 12
	if testing.Short() {
		rounds = 3
	}
	for folder, dir := range map[string]string{"disk": t.TempDir(), "memory": memoryFolder(t)} {
		t.Run(folder, func(t *testing.T) {
			for i := range rounds {
				name := filepath.Join(dir, fmt.Sprint(i))
				finished := killAfter(t, name, 1+i*i*11)
				looksWhole(t, name, finished)
			}
		})
	}
}

// killAfter runs a process on the arena name until it has reported so many changes,
// and returns the last round of each key that it had finished by then.
func killAfter(t *testing.T, name string, reports int) (finished [killKeys]int) {
	cmd := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^TestChangesWithoutEnd$")
	cmd.Env = append(os.Environ(), "SOA_ARENA="+name)
	out, err := cmd.StdoutPipe()
	require.NoError(t, err)
	require.NoError(t, cmd.Start())
	lines := bufio.NewScanner(out)
	for range reports {
		require.True(t, lines.Scan(), "it ended by itself")
		var key, round int
		_, err := fmt.Sscanf(lines.Text(), "%d %d", &key, &round)
		require.NoError(t, err, lines.Text())
		finished[key] = round
	}
	require.NoError(t, cmd.Process.Kill())
	for lines.Scan() { // what it had reported by then
		var key, round int
		if _, err := fmt.Sscanf(lines.Text(), "%d %d\n", &key, &round); err == nil {
			finished[key] = round
		}
	}
	require.Error(t, cmd.Wait())
	return finished
}

func looksWhole(t *testing.T, name string, finished [killKeys]int) {
	testkit.NoLeaks(t)
	a := open(t, name, arena.Options{})
	require.NoError(t, a.Verify(t.Context()))
	checkSpace(t, a)
	for key := range killKeys {
		for i, v := range a.Versions(keyName(key)) {
			var round int
			_, err := fmt.Sscan(v.Stamp, &round)
			require.NoError(t, err)
			if v.Current {
				require.GreaterOrEqual(t, round, finished[key])
				require.True(t, get(t, a, keyName(key)).Equal(killed(key, round)))
			} else if i == 0 { // staged, and not committed
				require.Greater(t, round, finished[key])
			}
		}
		if finished[key] > 0 {
			require.Contains(t, a.Keys(), keyName(key))
		}
	}
	require.NoError(t, a.Sweep())
	require.Empty(t, a.Recoverable())
	checkSpace(t, a)
	require.NoError(t, a.Remove())
}

func TestChangesWithoutEnd(t *testing.T) {
	name := os.Getenv("SOA_ARENA")
	if name == "" {
		t.Skip("for TestKill")
	}
	a, err := arena.Create(name, arena.Options{Recycle: 4 << 20})
	require.NoError(t, err)
	for i := 1; ; i++ {
		for key := range killKeys {
			c := stage(t, a, keyName(key), fmt.Sprint(i), killed(key, i))
			require.NoError(t, c.Commit())
			fmt.Printf("%d %d\n", key, i)
			require.NoError(t, c.Finish())
		}
	}
}
