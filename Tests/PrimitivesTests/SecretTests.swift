import Primitives
import Testing

@Suite struct SecretTests {
    @Test func aSecretShowsItselfOnlyWhenAsked() {
        let secret = Secret("hunter2")
        var dumped = ""
        dump([secret], to: &dumped)
        #expect(!"\(secret) \(String(reflecting: secret)) \(dumped)".contains("hunter2"))
        #expect(secret.exposed == "hunter2")
    }
}
