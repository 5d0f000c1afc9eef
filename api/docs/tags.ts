/** The chapters of the API, in the order in which the pages show them. */
export const TAGS: Readonly<Record<string, string>> = {
  Accounts: 'Registration, sessions, one’s own account and its password.',
  'Second factor': 'One-time codes, for dispatchers and administrators.',
  Passkeys: 'Signing in by the lock of one’s own device.',
  Devices: 'Where notices may be pushed to.',
  Incidents: 'Reporting a case and everything that happens to it.',
  Providers: 'The responders: their profile, their offers and their cases.',
  Dispatch: 'The board, and the acts of dispatchers.',
  Analytics: 'Figures over many cases; small counts are left out.',
  Policies: 'The rules of the engine in versions: windows, ladders and clocks.',
  Messages: 'Conversations between those who are on a case.',
  Notices: 'One’s own inbox; a notice names nobody and nothing.',
  Administration: 'Accounts of others, verification and invitations.',
  Information: 'Help numbers and health information, for everybody and without an account.',
  Health: 'Is the service there and ready?',
}
