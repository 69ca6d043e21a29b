import Primitives
import Testing

@Suite struct BoxedTests {
    @Test func aCopyKeepsWhatItHadWhenTheOriginalChanges() {
        var box = Boxed(["a", "b"])
        let before = box
        box.value.append("c")
        #expect(box.value == ["a", "b", "c"])
        #expect(before.value == ["a", "b"])
    }

    @Test func aValueOfOneOwnerIsChangedInItsPlace() {
        final class Witness {}
        var box = Boxed((witness: Witness(), count: 0))
        weak let witness = box.value.witness
        let first = ObjectIdentifier(box.value.witness)
        for _ in 0..<3 { box.value.count += 1 }
        #expect(box.value.count == 3)
        #expect(ObjectIdentifier(box.value.witness) == first && witness != nil)
    }

    @Test func aCopyOfACopySharesUntilTheLastChange() {
        let first = Boxed(1)
        var second = first
        var third = second
        third.value = 3
        second.value = 2
        #expect([first.value, second.value, third.value] == [1, 2, 3])
    }
}
