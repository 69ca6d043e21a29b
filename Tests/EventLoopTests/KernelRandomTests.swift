import EventLoop
import Testing

@Suite struct KernelRandomTests {
    @Test func numbersDoNotRepeatOverManyRefills() {
        var random = KernelRandom()
        // With 64 random bits the chance of a repetition among these is below 10^-13.
        let numbers = (0..<1000).map { _ in random.next() }
        #expect(Set(numbers).count == numbers.count)
    }

    @Test func aCopyAndItsOriginalShareNoNumbersOnceTheyWereUsedUp() {
        var first = KernelRandom()
        _ = first.next()
        var second = first
        let ofFirst = (0..<100).map { _ in first.next() }
        let ofSecond = (0..<100).map { _ in second.next() }
        #expect(Set(ofFirst.dropFirst(31)).isDisjoint(with: ofSecond))
    }
}
