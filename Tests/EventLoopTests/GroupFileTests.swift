import EventLoop
import Glibc
import TemporaryFolder
import Testing

@Suite struct GroupFileTests {
    @Test func aGroupIsFoundByItsWholeNameWhateverStandsAroundIt() throws {
        let folder = try TemporaryFolder()
        let members = (0..<20_000).map { "member\($0)" }.joined(separator: ",")
        let path = folder.file("group")
        let text = """
            # groups of this machine
            root:x:0:
            not a group at all
            charger-tap-old:x:7:
            crowd:x:8:\(members)

            charger-tap:x:992:ada,grace
            charger-tap:x:993:
            """
        try folder.write(Array(text.utf8), to: "group")
        #expect(LocalSocket.groupId(named: "charger-tap", in: path) == 992)
        #expect(LocalSocket.groupId(named: "crowd", in: path) == 8)
        #expect(LocalSocket.groupId(named: "charger", in: path) == nil)
        #expect(LocalSocket.groupId(named: "", in: path) == nil)
    }

    @Test func aMachineWithoutGroupsHasNone() {
        #expect(LocalSocket.groupId(named: "root", in: "/nowhere/group") == nil)
    }

    @Test func theMachinesOwnFileIsRead() throws {
        let own = try #require(getgrgid(0)?.pointee.gr_name)
        #expect(LocalSocket.groupId(named: String(cString: own)) == 0)
    }
}
