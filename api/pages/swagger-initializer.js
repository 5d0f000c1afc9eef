window.addEventListener('load', () => {
  window.ui = window.SwaggerUIBundle({
    url: '/openapi.json',
    dom_id: '#swagger-ui',
    deepLinking: true,
    // A shared computer would keep the token in its storage.
    persistAuthorization: false,
    validatorUrl: null,
  })
})
