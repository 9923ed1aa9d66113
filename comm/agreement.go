package comm

import (
	"fmt"
	"strings"
)

// An AgreementError says why ranks did not agree. It is equal on all of them.
type AgreementError struct {
	Op, Key  string      // of rank 0
	Failures []RankError // by rank, at least one
}

// maxReasons is how many different reasons the message of an AgreementError gives.
const maxReasons = 4

// Error gives each reason once, with the ranks that have it.
func (e *AgreementError) Error() string {
	ranks := map[string][]int{}
	var reasons []string
	for _, f := range e.Failures {
		text := f.Err.Error()
		if ranks[text] == nil {
			reasons = append(reasons, text)
		}
		ranks[text] = append(ranks[text], f.Rank)
	}
	var b strings.Builder
	fmt.Fprintf(&b, "%s %q failed on ", e.Op, e.Key)
	for i, text := range reasons[:min(len(reasons), maxReasons)] {
		if i > 0 {
			b.WriteString("; ")
		}
		fmt.Fprintf(&b, "%s: %s", rankRanges(ranks[text]), brief(text))
	}
	if more := len(reasons) - maxReasons; more > 0 {
		fmt.Fprintf(&b, "; and %d other reasons on further ranks, %d of them failed in all", more, len(e.Failures))
	}
	return b.String()
}

// Unwrap returns the failures.
func (e *AgreementError) Unwrap() []error {
	errs := make([]error, len(e.Failures))
	for i := range e.Failures {
		errs[i] = &e.Failures[i]
	}
	return errs
}

// rankRanges writes ranks, which ascend, as "rank 5" or "ranks 0-3,7". Of many
// ranges it writes the first ones.
func rankRanges(ranks []int) string {
	if len(ranks) == 1 {
		return fmt.Sprint("rank ", ranks[0])
	}
	var ranges []string
	for i := 0; i < len(ranks); {
		last := i
		for last+1 < len(ranks) && ranks[last+1] == ranks[last]+1 {
			last++
		}
		if len(ranges) == 8 {
			return fmt.Sprintf("ranks %s and %d more", strings.Join(ranges, ","), len(ranks)-i)
		}
		if last == i {
			ranges = append(ranges, fmt.Sprint(ranks[i]))
		} else {
			ranges = append(ranges, fmt.Sprintf("%d-%d", ranks[i], ranks[last]))
		}
		i = last + 1
	}
	return "ranks " + strings.Join(ranges, ",")
}

// brief returns text, or its beginning if it is long.
func brief(text string) string {
	const most = 300
	if len(text) <= most {
		return text
	}
	return strings.ToValidUTF8(text[:most], "") + "..."
}
