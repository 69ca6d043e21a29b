import Testing
import WebSocket

@Suite struct WebSocketURLTests {
    // Shows: J-CON-02, J-CON-04
    @Test(arguments: [
        // J §3.1.1
        ("ws://centralsystem.example.com/ocpp", "CP001", "ws://centralsystem.example.com/ocpp/CP001"),
        ("wss://centralsystem.example.com/ocppj", "RDAM 123", "wss://centralsystem.example.com/ocppj/RDAM%20123"),
        ("ws://h/ocpp/", "CP001", "ws://h/ocpp/CP001"),
        ("ws://h/ocpp//", "CP001", "ws://h/ocpp/CP001"),
        ("ws://h", "CP001", "ws://h/CP001"),
        ("ws://h/", "CP001", "ws://h/CP001"),
        ("wss://h:8443/a/b/c/d", "x", "wss://h:8443/a/b/c/d/x"),
        ("ws://h/a%20b", "c/d?e#f%", "ws://h/a%20b/c%2Fd%3Fe%23f%25"),
        ("ws://h/a", "Säule", "ws://h/a/S%C3%A4ule"),
        ("ws://h/a", "-._~", "ws://h/a/-._~"),
        ("ws://h/a?tenant=1", "CP", "ws://h/a/CP?tenant=1"),
        ("ws://[::1]:9000/a", "CP", "ws://[::1]:9000/a/CP"),
    ])
    func theConnectionURLIsTheEndpointAndTheEncodedIdentity(endpoint: String, identity: String, expected: String) throws
    {
        #expect(try WebSocketURL(endpoint).appending(identity: identity).description == expected)
    }

    // Shows: J-CON-03
    @Test func partsAreTakenApart() throws {
        let url = try WebSocketURL("WSS://CSMS.Example.com:9443/ocpp/1.6?a=b")
        #expect(url.isSecure)
        #expect(url.host == "csms.example.com")
        #expect(url.port == 9443)
        #expect(url.path == "/ocpp/1.6")
        #expect(url.query == "a=b")
        #expect(url.requestTarget == "/ocpp/1.6?a=b")
        #expect(url.authority == "csms.example.com:9443")
    }

    @Test func portsDefaultBySchemeAndAreLeftOutOfTheAuthority() throws {
        let plain = try WebSocketURL("ws://h")
        let secure = try WebSocketURL("wss://h?q")
        let literal = try WebSocketURL("ws://[2001:DB8::1]")
        #expect(plain.port == 80 && plain.authority == "h" && plain.path == "/")
        #expect(secure.port == 443 && secure.requestTarget == "/?q")
        #expect(literal.host == "2001:db8::1" && literal.authority == "[2001:db8::1]")
        #expect(try WebSocketURL("wss://h:80").authority == "h:80")
        #expect(try WebSocketURL("ws://h:/x").port == 80)
    }

    @Test(arguments: [
        ("", WebSocketURLError.scheme), ("http://h/", .scheme), ("ws:/h", .scheme), ("h/ocpp", .scheme),
        ("ws://", .host), ("ws:///path", .host), ("ws://:80/", .host), ("ws://[::1/", .host), ("ws://[nope]/", .host),
        ("ws://[::1]80/", .host), ("ws://a_b*c/", .host), ("ws://a:1:2/", .port),
        ("ws://h:0/", .port), ("ws://h:65536/", .port), ("ws://h:8o/", .port), ("ws://h:-1/", .port),
        ("ws://h:+1/", .port),
        ("ws://user:secret@h/", .credentials), ("ws://h/#f", .fragment), ("ws://h/a b", .unencodedCharacter),
        ("ws://h/ä", .unencodedCharacter), ("ws://h/%2", .percentEncoding), ("ws://h/?%zz", .percentEncoding),
    ])
    func whatIsNoURLIsRefusedWithItsReason(text: String, reason: WebSocketURLError) {
        #expect(throws: reason) { try WebSocketURL(text) }
    }

    @Test func anEndlessURLIsRefused() {
        let text = "ws://h/" + String(repeating: "a", count: 3000)
        #expect(throws: WebSocketURLError.tooLong(limit: 2048)) { try WebSocketURL(text) }
    }
}
